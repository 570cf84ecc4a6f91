"""`python -m lessons.demo` is `ws101 demo`."""

from lessons.demo.command import demo

demo(prog_name="python -m lessons.demo")
