"""Starting and stopping the sandbox, and who may speak to it."""

import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bot.sandbox import api
from bot.sandbox.links import Links
from bot.sandbox.live import Hub
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.modals import Modals
from bot.sandbox.options import Calendar, SandboxOptions, Timing
from bot.sandbox.pacing import Pacing
from bot.sandbox.pageapi import PageApi
from bot.sandbox.parts import Parts
from bot.sandbox.seed import ANA, COUNSEL, MANAGERS, RESTRICTED, STAFF
from bot.sandbox.signed import SignedHttp
from bot.sandbox.state import State
from bot.sandbox.tickets import Tickets

HOST = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
CSP = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Sandbox:
    """One workspace, its mailboxes and its page, on loopback."""

    def __init__(self, options: SandboxOptions, timing: Timing | None = None) -> None:
        timing = timing or Timing()
        state = State(options.data)
        calendar = Calendar(state.workspace.offset)
        hub = Hub()
        self._options = options
        self.parts = Parts(
            options=options,
            timing=timing,
            state=state,
            calendar=calendar,
            tickets=Tickets(timing),
            pacing=Pacing(calendar.now),
            hub=hub,
            clocks=Hub(),
            modals=Modals(
                lambda user, stack: hub.send({"type": "views", "stack": stack}, {user}),
                lambda user, view: hub.send({"type": "home", "view": view}, {user}),
            ),
        )
        self._page = PageApi(self.parts)
        state.watch(self._page.publish)
        self._mailbox = Mailbox(self.parts)
        self._runner: web.AppRunner | None = None
        self._way: Links | SignedHttp | None = None

    @property
    def web_url(self) -> str:
        """Where the page is, with a slash at the end."""
        return self.parts.web_url

    def now(self) -> datetime:
        """The sandbox's calendar time: real time plus what the clock was moved by."""
        return self.parts.calendar.now()

    async def start(self) -> None:
        """Open both ports. Raises OSError that names a port that is taken."""
        self._way = self._new_way()
        self.parts.delivery = self._way
        try:
            await self._start_mail()
            await self._start_web()
        except OSError:
            await self.stop()
            raise

    async def _start_mail(self) -> None:
        wanted = self._options.mail_port
        try:
            port = await self._start_mail_where_it_was() or await self._mailbox.start(wanted)
        except OSError as error:
            raise _taken(wanted, "mailbox", error) from error
        self.parts.mail_port = port
        if port != self.parts.workspace.mail_port:
            self.parts.state.record({"kind": "mail_port", "port": port})

    async def _start_mail_where_it_was(self) -> int | None:
        """Any port will do, so keep the one a desk may have in its settings already."""
        last = self.parts.workspace.mail_port
        if self._options.mail_port or not last:
            return None
        try:
            return await self._mailbox.start(last)
        except OSError:
            return None

    async def _start_web(self) -> None:
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        wanted = self._options.web_port
        try:
            await web.TCPSite(self._runner, HOST, wanted).start()
        except OSError as error:
            raise _taken(wanted, "page", error) from error
        port = self._runner.addresses[0][1]
        self.parts.web_url = f"http://{HOST}:{port}/"

    async def stop(self) -> None:
        """Close every connection and both ports. What happened is on disk already."""
        self.parts.hub.close()
        self.parts.clocks.close()
        await self._page.stop()
        if self._way is not None:
            await self._way.close()
        await self._mailbox.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        self.parts.state.close()

    def settings(self) -> dict[str, str]:
        """The settings that point a desk at this sandbox."""
        known = self.parts.workspace.secrets
        settings = {
            "SLACK_BOT_TOKEN": known["bot_token"],
            "SLACK_API_URL": f"{self.web_url}api/",
            "SLACK_APP_TOKEN": known["app_token"],
            "SLACK_SIGNING_SECRET": known["signing_secret"],
            "DESK_SLACK_CHANNEL": STAFF,
            "DESK_SLACK_MANAGERS": MANAGERS,
            "DESK_SLACK_RESTRICTED": RESTRICTED,
            "DESK_COUNSEL": f"{COUNSEL},{ANA}",  # an answer to an authority takes two of them
            "DESK_RELAY": f"{HOST}:{self.parts.mail_port}",
        }
        if self._options.desk_http_port is not None:
            del settings["SLACK_APP_TOKEN"]
        return settings

    def _new_way(self) -> Links | SignedHttp:
        port = self._options.desk_http_port
        if port is None:
            trouble = self.parts.trouble
            return Links(self.parts.timing, self._desk_changed, away=lambda: trouble.away)
        secret = self.parts.workspace.secrets["signing_secret"]
        return SignedHttp(port, secret, self.parts.timing, self._desk_changed)

    def _desk_changed(self) -> None:
        self.parts.hub.send({"type": "desk", "desk": self.parts.desk_state()})

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=1 << 21)
        app.add_routes(self._page.routes())
        for method in ("GET", "POST"):
            app.router.add_route(method, "/api/{method}", self._api)
        app.router.add_post("/upload/{ticket}", self._uploaded)
        app.router.add_post("/{kind:actions|commands}/{team}/{key}", self._respond)
        if isinstance(self._way, Links):
            app.router.add_get("/link/", self._way.serve)
        app.router.add_get("/", self._index)
        app.router.add_get(r"/page/{file:[a-z][a-z0-9_-]*\.[a-z0-9]+}", self._file)
        return app

    async def _api(self, request: web.Request) -> web.StreamResponse:
        return await api.handle(self.parts, request)

    async def _uploaded(self, request: web.Request) -> web.StreamResponse:
        return await api.uploaded(self.parts, request)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        return await api.respond(self.parts, request)

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return _page_file("index.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return _page_file(request.match_info["file"])

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Loopback names only, so that no web page elsewhere can reach in by DNS or by form."""
        port = self.web_url.rstrip("/").rpartition(":")[2]
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        origin = request.headers.get("Origin")
        if request.host not in hosts or origin not in {None, *(f"http://{h}" for h in hosts)}:
            raise web.HTTPForbidden(text="this sandbox answers on loopback only")
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = CSP
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Cache-Control"] = "no-cache"
        return response


def _page_file(name: str) -> web.StreamResponse:
    path = PAGE / name
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path)


def _taken(port: int, what: str, error: OSError) -> OSError:
    why = os.strerror(error.errno or 0)
    return OSError(
        error.errno,
        f"Port {port} cannot be had for the sandbox's {what} ({why}): choose another one.",
    )
