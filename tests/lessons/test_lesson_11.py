"""Lesson 11: the solution reads what any sender makes, and a secret is told by its length."""

from __future__ import annotations

import random
import zlib

from hypothesis import given
from hypothesis import strategies as st

from lessons.course.course import Course, load
from lessons.demo.app import create_app

LESSON = Course().find("11")
CHECK = load(LESSON, "test_exercise")
SEEN = load(LESSON, "seen")
SERVER = load(LESSON, "server")
SOLUTION = load(LESSON, "solution")
SQUEEZE = load(LESSON, "squeeze")

OFFERS = {
    "permessage-deflate; client_max_window_bits": SERVER.BOTH_FORGET,
    "permessage-deflate": SERVER.BOTH_FORGET,
    "x-other": "x-other",
    "": "",
}


@given(
    st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 3), st.booleans()), max_size=6),
    st.booleans(),
)
def test_the_solution_reads_what_was_sent(
    messages: list[tuple[bytes, int, bool]], keeps: bool
) -> None:
    random.seed(1)
    sender, inflater = CHECK.Sender(keeps), SOLUTION.Inflater()
    for data, cuts, squeeze in messages:
        for piece in CHECK.with_pings(sender.message(data, cuts, squeeze)):
            assert inflater.take(*piece.given) == piece.right


def test_the_right_guess_makes_the_shortest_answer_whatever_the_secret_is() -> None:
    def size(secret: str, guess: str) -> int:
        deflater = zlib.compressobj(wbits=-15)
        words = SQUEEZE.answer(secret, guess).encode()
        return len(deflater.compress(words) + deflater.flush(zlib.Z_SYNC_FLUSH))

    for secret in SQUEEZE.ANIMALS:
        sizes = {guess: size(secret, guess) for guess in SQUEEZE.ANIMALS}
        others = [sizes[guess] for guess in sizes if guess != secret]
        assert sizes[secret] + 3 <= min(others)
        assert SEEN.GUESSED.fullmatch(SQUEEZE.answer(secret, "tiger")).groups() == (secret, "tiger")


def test_who_offers_compression_there_is_taken_to_forget_and_nobody_else() -> None:
    app = create_app(SERVER.CONFIG, blueprints=[SERVER.bp])
    for path, forgets in ((SQUEEZE.FORGETS, True), (SQUEEZE.PATH, False)):
        for offer, read in OFFERS.items():
            environ = {SERVER.OFFER: offer, "HTTP_HOST": "127.0.0.1"}
            with app.test_request_context(path, environ_overrides=environ) as context:
                app.preprocess_request()
                assert context.request.environ[SERVER.OFFER] == (read if forgets else offer)
