"""Parsing in a process of its own, which is killed when a mail takes too long or too much.

Some small mails keep every Python parser busy for minutes, in C, with all other threads
standing still; a time limit inside our process would freeze the door with it. So mails go to
long-lived workers over pipes, and what comes back is a value.
`python -m intake.parse` is such a worker.
"""

import asyncio
import itertools
import logging
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from handlers import registry
from handlers.company import OFFICES
from intake import authentication, extraction, jurisdiction, mime
from intake.attempts import Attempts
from intake.authentication import Origin
from intake.classify import Classifier, own
from intake.classify.meaning import offered
from storage.records import AttachmentText, ParsedMail, Reading, Record

log = logging.getLogger(__name__)


_STEP = 2**16  # bytes written to a worker at once
_LARGEST = 32 * 2**20  # bytes an answer may have; the caps of its texts keep it far below
_START = 60.0  # seconds a worker may take to start, on a busy machine


class Job(Record, frozen=True, kw_only=True):
    """One mail for the worker. `subject` replaces the mail's own when it is known better."""

    content: bytes
    subject: str | None = None
    classify: bool = True
    auto: float | None = None  #: from where on nobody has to sort it; None = as trained
    attachment: int | None = None  #: the text of this attachment is wanted, and nothing else
    origin: Origin | None = None  #: how it came in, for what is known of its sender
    offices: tuple[str, ...] = OFFICES  #: our own addresses, which tell nothing of who wrote


class Answer(Record, frozen=True, kw_only=True):
    """What the worker made of it."""

    parsed: ParsedMail
    reading: Reading | None = None
    attachment: AttachmentText | None = None


_jobs = msgspec.msgpack.Decoder(Job)
_answers = msgspec.msgpack.Decoder(Answer)


def parse(content: bytes) -> ParsedMail:
    """What the mail says; with only some headers, and `readable` False, if it cannot be read."""
    try:
        return mime.parse(content)
    except Exception:  # noqa: BLE001  any fault of any parser: the mail goes to a person instead
        return mime.unreadable(content)


class NoWorker(OSError):
    """No process starts now, of memory or processes perhaps: no fault of the mail's."""


class _Worker:
    """One worker process from our side. Does one mail at a time; its user sees to that."""

    def __init__(self, program: str, memory: int, patience: int, *more: str) -> None:
        self._arguments = (program, str(memory), str(patience), *more)
        self.process: asyncio.subprocess.Process | None = None

    async def exchange(self, job: Job) -> Answer:
        """One job, one answer. Raises EOFError or ConnectionError when the worker dies over it."""
        process = await self.running()
        assert process.stdin is not None  # noqa: S101  both are pipes
        assert process.stdout is not None  # noqa: S101
        # The content goes as it is and in steps: nothing large is copied while all others wait.
        head = msgspec.msgpack.encode(msgspec.structs.replace(job, content=b""))
        process.stdin.write(_size(len(head)) + head + _size(len(job.content)))
        content = memoryview(job.content)
        for at in range(0, len(content), _STEP):
            process.stdin.write(content[at : at + _STEP])
            await process.stdin.drain()
            await asyncio.sleep(0)  # a worker that reads fast lets drain() never wait
        await process.stdin.drain()
        size = int.from_bytes(await process.stdout.readexactly(4), "big")
        if size > _LARGEST:
            raise EOFError
        return _answers.decode(await process.stdout.readexactly(size))

    async def running(self) -> asyncio.subprocess.Process:
        """The process, started if need be. Raises NoWorker."""
        if self.process is None or self.process.returncode is not None:
            try:
                self.process = await self._started()
            except OSError as fault:
                raise NoWorker("a worker process does not start") from fault
            await self._ready(self.process)
        return self.process

    async def _started(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a file in the folder we were started in must not stand in for a module of ours
            "-m",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # What goes wrong inside could quote the mail.
            stderr=asyncio.subprocess.DEVNULL,
            # No secret of ours may be where hostile input is read.
            env={
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "LANG": "C.UTF-8",
                # numpy would keep room for every core's threads out of the worker's bound
                "OPENBLAS_NUM_THREADS": "1",
            },
            # Ctrl-C is for us: we let the mail in hand finish.
            start_new_session=True,
        )

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        """Its start is no mail's fault and counts against none."""
        assert process.stdout is not None  # noqa: S101  it is a pipe
        try:
            async with asyncio.timeout(_START):
                await process.stdout.readexactly(len(_READY))
        except (TimeoutError, EOFError) as fault:
            await self.kill()
            raise NoWorker("a worker process does not start") from fault
        except BaseException:
            await self.kill()
            raise

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
    """A few workers: started when needed, killed when late, started again.

    `in_hand` is the file that names the mails in hand; see `intake.attempts`. `auto` is the
    classifier's threshold, where it is not the one it was trained to; `model` the operator's own;
    `semantic` that meaning is read too; `offices` are our addresses.
    """

    def __init__(  # noqa: PLR0913  each bound has its name
        self,
        program: str = "intake.parse",
        *,
        wall: float = 10.0,
        memory: int = 2**30,
        attempts: int = 2,
        workers: int = 2,
        in_hand: Path | None = None,
        auto: float | None = None,
        model: Path | None = None,
        semantic: bool = False,
        offices: tuple[str, ...] = OFFICES,
    ) -> None:
        self.wall = wall  # seconds a mail may take
        self.killed = 0
        self._auto = auto
        self._offices = offices
        self._attempts = Attempts(in_hand, attempts)
        self._unnamed = (f"unnamed.{number}" for number in itertools.count())
        more = (str(model or ""), *([_SEMANTIC] if semantic else []))
        self._all = [_Worker(program, memory, int(wall) + 2, *more) for _ in range(workers)]
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        self._alone = asyncio.Lock()
        for worker in self._all:
            self._idle.put_nowait(worker)

    async def start(self) -> None:
        """Start the workers, so that no mail has to wait for one. Raises NoWorker."""
        await asyncio.gather(*(worker.running() for worker in self._all))

    async def stop(self) -> None:
        """End all workers. The next mail would start one anew."""
        for worker in self._all:
            await worker.kill()
        self._attempts.close()

    async def parse(self, content: bytes) -> ParsedMail:
        """Never raises for what a mail holds: see `ParsedMail.readable`."""
        return (await self.work(Job(content=content, classify=False))).parsed

    async def read(
        self, content: bytes, origin: Origin | None = None, mail_id: str = ""
    ) -> tuple[ParsedMail, Reading | None]:
        """The mail, and what it asks; no reading when it could not be read.

        With its id, deaths over it count beyond our own.
        """
        job = Job(content=content, origin=origin, auto=self._auto, offices=self._offices)
        answer = await self.work(job, mail_id)
        return answer.parsed, answer.reading

    async def attachment_text(self, content: bytes, index: int) -> AttachmentText:
        """The words of a mail's attachment, by its place in `ParsedMail.attachments`."""
        answer = await self.work(Job(content=content, classify=False, attachment=index))
        return answer.attachment or AttachmentText(note=extraction.NOT_READ)

    async def work(self, job: Job, mail_id: str = "") -> Answer:
        """Let a worker do it; after too many deaths, what the header block gives.

        Raises NoWorker.
        """
        attempts, name = self._attempts, mail_id or next(self._unnamed)
        async with self._hand(alone=attempts.suspect(name)) as worker:
            while not attempts.spent(name):
                await worker.running()
                attempts.begin(name)
                try:
                    async with asyncio.timeout(self.wall):
                        answer = await worker.exchange(job)
                except (TimeoutError, EOFError, ConnectionError, msgspec.MsgspecError):
                    self.killed += 1
                    attempts.lost(name)
                    log.warning("a parse worker was lost over a mail and is started again")
                    await worker.kill()
                except BaseException:
                    # An answer that nobody waits for must not be taken for the next one.
                    attempts.leave(name)
                    await worker.kill()
                    raise
                else:
                    attempts.end(name)
                    return answer
        attempts.end(name)
        return Answer(parsed=mime.unreadable(job.content))

    @asynccontextmanager
    async def _hand(self, *, alone: bool) -> AsyncIterator[_Worker]:
        """A worker of our own; alone = nothing else is in hand, so that a death has one cause."""
        taken: list[_Worker] = []
        try:
            if alone:
                async with self._alone:  # one at a time waits for all, or two wait for ever
                    for _ in self._all:
                        taken.append(await self._idle.get())  # noqa: PERF401  given back one by one
            else:
                taken.append(await self._idle.get())
            yield taken[0]
        finally:
            for worker in taken:
                self._idle.put_nowait(worker)


_READY = b"ready"
_SEMANTIC = "semantic"


def _size(number: int) -> bytes:
    return number.to_bytes(4, "big")


def answer(job: Job, classifier: Classifier) -> Answer:
    """What the worker does with one mail."""
    if job.attachment is not None:
        return Answer(parsed=ParsedMail(), attachment=_attachment(job.content, job.attachment))
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
        reading = classifier.read(parsed, auto=job.auto)
        return Answer(parsed=parsed, reading=jurisdiction.placed(reading, parsed, job.offices))
    except Exception:  # noqa: BLE001  a fault of the classifier costs the reading, not the mail
        return Answer(parsed=parsed)


def _attachment(content: bytes, index: int) -> AttachmentText:
    try:
        return extraction.text_of(*mime.attached(content, index))
    except Exception:  # noqa: BLE001  also an index that the mail does not have
        return AttachmentText(note=extraction.NOT_READ)


def serve(jobs: BinaryIO, answers: BinaryIO, patience: int, work: Callable[[Job], Answer]) -> None:
    """Work until the pipe ends. A job that outlasts its parent is ended by the alarm."""
    answers.write(_READY)
    answers.flush()
    while len(head := jobs.read(4)) == 4:
        job = _jobs.decode(jobs.read(int.from_bytes(head, "big")))
        content = jobs.read(int.from_bytes(jobs.read(4), "big"))
        signal.alarm(patience)
        body = msgspec.msgpack.encode(work(msgspec.structs.replace(job, content=content)))
        signal.alarm(0)
        answers.write(_size(len(body)) + body)
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
    model = own(sys.argv[3]) if len(sys.argv) > 3 else None
    meaning = offered(wanted=_SEMANTIC in sys.argv[4:])
    main(partial(answer, classifier=Classifier(registry.load(), model, meaning)))
