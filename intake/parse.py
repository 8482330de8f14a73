"""Parsing in a process of its own, which is killed when a mail takes too long or too much.

Some small mails keep every Python parser busy for minutes, in C, with all other threads
standing still; a time limit inside our process would freeze the door with it. So mails go to
long-lived workers over pipes, and what comes back is a value.
`python -m intake.parse` is such a worker.
"""

import asyncio
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO

import msgspec

from handlers import registry
from intake import authentication, jurisdiction, mime
from intake.authentication import Origin
from intake.classify import Classifier
from storage.records import ParsedMail, Reading, Record

log = logging.getLogger(__name__)


class Job(Record, frozen=True, kw_only=True):
    """One mail for the worker. `subject` replaces the mail's own when it is known better."""

    content: bytes
    subject: str | None = None
    classify: bool = True
    origin: Origin | None = None  #: how it came in, for what is known of its sender


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


class _Worker:
    """One worker process from our side. Does one mail at a time; its user sees to that."""

    def __init__(self, program: str, memory: int, patience: int) -> None:
        self._arguments = (program, str(memory), str(patience))
        self.process: asyncio.subprocess.Process | None = None

    async def exchange(self, frame: bytes) -> Answer:
        """One job, one answer. Raises EOFError when the worker dies over it."""
        process = await self.running()
        assert process.stdin is not None  # noqa: S101  both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(frame)
        await process.stdin.drain()
        size = int.from_bytes(await process.stdout.readexactly(4), "big")
        return _answers.decode(await process.stdout.readexactly(size))

    async def running(self) -> asyncio.subprocess.Process:
        """The process, started if need be."""
        if self.process is None or self.process.returncode is not None:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # What goes wrong inside could quote the mail.
                stderr=asyncio.subprocess.DEVNULL,
                # No secret of ours may be where hostile input is read.
                env={"PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C.UTF-8"},
                # Ctrl-C is for us: we let the mail in hand finish.
                start_new_session=True,
            )
        return self.process

    async def kill(self) -> None:
        """End it, whatever it does; the next mail starts another."""
        process, self.process = self.process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


class Parser:
    """A few workers: started when needed, killed when late, started again."""

    def __init__(
        self,
        program: str = "intake.parse",
        *,
        wall: float = 10.0,
        memory: int = 2**30,
        attempts: int = 2,
        workers: int = 2,
    ) -> None:
        self.wall = wall  # seconds a mail may take
        self.attempts = attempts
        self.killed = 0
        self._all = [_Worker(program, memory, int(wall) + 2) for _ in range(workers)]
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        for worker in self._all:
            self._idle.put_nowait(worker)

    async def start(self) -> None:
        """Start the workers, so that no mail has to wait for one."""
        await asyncio.gather(*(worker.running() for worker in self._all))

    async def stop(self) -> None:
        """End all workers. The next mail would start one anew."""
        for worker in self._all:
            await worker.kill()

    async def parse(self, content: bytes) -> ParsedMail:
        """Never raises for what a mail holds: see `ParsedMail.readable`."""
        return (await self.work(Job(content=content, classify=False))).parsed

    async def read(
        self, content: bytes, origin: Origin | None = None
    ) -> tuple[ParsedMail, Reading | None]:
        """The mail, and what it asks; no reading when it could not be read."""
        answer = await self.work(Job(content=content, origin=origin))
        return answer.parsed, answer.reading

    async def work(self, job: Job) -> Answer:
        """Let a worker do it, at most `attempts` times; then what the header block gives."""
        frame = _framed(msgspec.msgpack.encode(job))
        worker = await self._idle.get()
        try:
            for _ in range(self.attempts):
                try:
                    async with asyncio.timeout(self.wall):
                        return await worker.exchange(frame)
                except (TimeoutError, EOFError, ConnectionError, msgspec.MsgspecError):
                    self.killed += 1
                    log.warning("a parse worker was lost over a mail and is started again")
                    await worker.kill()
                except BaseException:
                    # An answer that nobody waits for must not be taken for the next one.
                    await worker.kill()
                    raise
        finally:
            self._idle.put_nowait(worker)
        return Answer(parsed=mime.unreadable(job.content))


def _framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def answer(job: Job, classifier: Classifier) -> Answer:
    """What the worker does with one mail."""
    parsed = parse(job.content)
    if job.origin is not None:
        with suppress(Exception):  # a fault over the sender costs what is known of it, no more
            sender = authentication.claimed(job.content, parsed, job.origin)
            parsed = msgspec.structs.replace(parsed, sender=sender)
    if job.subject is not None:
        parsed = msgspec.structs.replace(parsed, subject=job.subject)
    if not job.classify or not parsed.readable:
        return Answer(parsed=parsed)
    try:
        reading = classifier.read(parsed)
        regimes = jurisdiction.regimes(parsed)
        return Answer(parsed=parsed, reading=msgspec.structs.replace(reading, regimes=regimes))
    except Exception:  # noqa: BLE001  a fault of the classifier costs the reading, not the mail
        return Answer(parsed=parsed)


def serve(jobs: BinaryIO, answers: BinaryIO, patience: int, work: Callable[[Job], Answer]) -> None:
    """Work until the pipe ends. A job that outlasts its parent is ended by the alarm."""
    while len(head := jobs.read(4)) == 4:
        job = _jobs.decode(jobs.read(int.from_bytes(head, "big")))
        signal.alarm(patience)
        body = msgspec.msgpack.encode(work(job))
        signal.alarm(0)
        answers.write(_framed(body))
        answers.flush()


def main(work: Callable[[Job], Answer]) -> None:
    """The worker's own start: bounds first, then work. stdout carries answers and nothing else."""
    memory, patience = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold the mail
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers, patience, work)


if __name__ == "__main__":
    main(partial(answer, classifier=Classifier(registry.load())))
