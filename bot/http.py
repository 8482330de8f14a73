"""The small HTTP server: is it alive, ready, how is it doing; and Slack's HTTP mode."""

from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

Figures = Callable[[], Mapping[str, float]]


def routes(down: Callable[[], Sequence[str]], figures: Figures) -> list[web.RouteDef]:
    """`/healthz` answers while the loop turns; `/readyz` is 503 while a task of ours is down."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        broken = sorted(down())
        if broken:
            return web.Response(status=503, text="down: " + ", ".join(broken) + "\n")
        return web.Response(text="ready\n")

    async def metrics(_: web.Request) -> web.Response:
        lines = [f"desk_{name} {value:g}\n" for name, value in sorted(figures().items())]
        return web.Response(text="".join(lines), content_type="text/plain")

    return [
        web.get("/healthz", healthz),
        web.get("/readyz", readyz),
        web.get("/metrics", metrics),
    ]


class HttpServer:
    """aiohttp on one port. Bound to all interfaces of `host` only."""

    def __init__(self, host: str, port: int, table: Sequence[web.AbstractRouteDef]) -> None:
        self._host = host
        self._port = port
        self._app = web.Application()
        self._app.add_routes(table)
        self._runner = web.AppRunner(self._app, access_log=None)

    async def start(self) -> None:
        """Raises OSError that names host and port."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            why = (error.strerror or str(error)).rpartition(": ")[2]
            text = (
                f"HTTP cannot be served on {self._host}:{self._port} ({why}): "
                "stop what uses the port, or set another DESK_HTTP_PORT."
            )
            raise OSError(error.errno, text) from error

    async def stop(self) -> None:
        await self._runner.cleanup()
