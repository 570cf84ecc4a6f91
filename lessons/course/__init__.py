"""The course: what a lesson is, how it is run, how what the learner wrote is checked.

Rooms, in the order in which a lesson passes through them:

    model, markdown, course        a folder becomes a `Lesson`
    session, process, child        the demo app behind the tap, as processes that end with us
    client, wire, browser          who acts on it when the learner does not
    follower, evidence             what was captured, ready to be asked
    runner, moments                a lesson as a row of moments; knows no terminal
    words, show, telling           moments as lines
    auto                           the face without a learner: a transcript
    guided, map, desk, workbench   the face with one, at a `terminal` with a `keyboard`
    home, progress                 where the learner's things are, and how far they are
    program                        what they have to type to call us
    checks, plugin, expect         the exercise, run by pytest in a process of its own; `report`
    imports                        what an exercise may lean on
    verify                         the course proves itself
    commands                       `ws101 learn`, `check`, `course verify`
"""
