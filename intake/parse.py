"""Parsing in a process of its own, which is killed when a mail takes too long or too much.

Some small mails keep every Python parser busy for minutes, in C, with all other threads
standing still; a time limit inside our process would freeze the door with it. So mails go to
one long-lived worker over a pipe, and what comes back is a value.
`python -m intake.parse` is that worker.
"""

import asyncio
import logging
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import BinaryIO

import msgspec

from handlers import registry
from intake import mime
from intake.classify import Classifier
from storage.records import ParsedMail, Reading, Record

log = logging.getLogger(__name__)


class Job(Record, frozen=True, kw_only=True):
    """One mail for the worker. `subject` replaces the mail's own when it is known better."""

    content: bytes
    subject: str | None = None
    classify: bool = True


class Answer(Record, frozen=True, kw_only=True):
    """What the worker made of it."""

    parsed: ParsedMail
    reading: Reading | None = None


_jobs = msgspec.msgpack.Decoder(Job)
_answers = msgspec.msgpack.Decoder(Answer)


def parse(content: bytes) -> ParsedMail:
    """What the mail says; with only some headers, and `readable` False, if it cannot be read."""
    try:
        return mime.parse(content)
    except Exception:  # noqa: BLE001  any fault of any parser: the mail goes to a person instead
        return mime.unreadable(content)


class Parser:
    """The worker from our side: started when needed, killed when late, started again."""

    def __init__(self, *, wall: float = 10.0, memory: int = 2**30, attempts: int = 2) -> None:
        self.wall = wall  # seconds a mail may take
        self.memory = memory  # bytes of address space
        self.attempts = attempts
        self.killed = 0
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start the worker, so that the first mail need not wait for it."""
        async with self._turn:
            await self._running()

    async def stop(self) -> None:
        """End the worker. The next mail would start it anew."""
        async with self._turn:
            await self._kill()

    async def parse(self, content: bytes) -> ParsedMail:
        """Never raises for what a mail holds: see `ParsedMail.readable`."""
        return (await self.work(Job(content=content, classify=False))).parsed

    async def read(self, content: bytes) -> tuple[ParsedMail, Reading | None]:
        """The mail, and what it asks; no reading when it could not be read."""
        answer = await self.work(Job(content=content))
        return answer.parsed, answer.reading

    async def work(self, job: Job) -> Answer:
        """Let the worker do it, at most `attempts` times; then what the header block gives."""
        frame = _framed(msgspec.msgpack.encode(job))
        async with self._turn:
            for _ in range(self.attempts):
                try:
                    async with asyncio.timeout(self.wall):
                        return await self._exchange(frame)
                except (TimeoutError, EOFError, ConnectionError, msgspec.MsgspecError):
                    self.killed += 1
                    log.warning("the parse worker was lost over a mail and is started again")
                    await self._kill()
                except BaseException:
                    # An answer that nobody waits for must not be taken for the next one.
                    await self._kill()
                    raise
        return Answer(parsed=mime.unreadable(job.content))

    async def _exchange(self, frame: bytes) -> Answer:
        process = await self._running()
        assert process.stdin is not None  # noqa: S101  both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(frame)
        await process.stdin.drain()
        size = int.from_bytes(await process.stdout.readexactly(4), "big")
        return _answers.decode(await process.stdout.readexactly(size))

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "intake.parse",
                str(self.memory),
                str(int(self.wall) + 2),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # What goes wrong inside could quote the mail.
                stderr=asyncio.subprocess.DEVNULL,
                # No secret of ours may be where hostile input is read.
                env={"PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C.UTF-8"},
                # Ctrl-C is for us: we let the mail in hand finish.
                start_new_session=True,
            )
        return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def answer(job: Job, classifier: Classifier) -> Answer:
    """What the worker does with one mail."""
    parsed = parse(job.content)
    if job.subject is not None:
        parsed = msgspec.structs.replace(parsed, subject=job.subject)
    if not job.classify or not parsed.readable:
        return Answer(parsed=parsed)
    try:
        return Answer(parsed=parsed, reading=classifier.read(parsed))
    except Exception:  # noqa: BLE001  a fault of the classifier costs the reading, not the mail
        return Answer(parsed=parsed)


def serve(jobs: BinaryIO, answers: BinaryIO, patience: int) -> None:
    """Work until the pipe ends. A job that outlasts its parent is ended by the alarm."""
    classifier = Classifier(registry.load())
    while len(head := jobs.read(4)) == 4:
        job = _jobs.decode(jobs.read(int.from_bytes(head, "big")))
        signal.alarm(patience)
        body = msgspec.msgpack.encode(answer(job, classifier))
        signal.alarm(0)
        answers.write(_framed(body))
        answers.flush()


def main() -> None:
    """The worker's own start: bounds first, then work. stdout carries answers and nothing else."""
    memory, patience = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the mail
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers, patience)


if __name__ == "__main__":
    main()
