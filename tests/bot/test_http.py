import aiohttp

from bot.demo import free_port
from bot.http import HttpServer, routes


async def test_health_readiness_and_figures():
    down: list[str] = []
    port = free_port()
    server = HttpServer("127.0.0.1", port, routes(lambda: down, lambda: {"faults_worker_total": 2}))
    await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            async with http.get("/healthz") as answer:
                assert answer.status == 200
            async with http.get("/readyz") as answer:
                assert answer.status == 200
            down.append("worker")
            async with http.get("/readyz") as answer:
                assert answer.status == 503
                assert "worker" in await answer.text()
            async with http.get("/metrics") as answer:
                assert "desk_faults_worker_total 2\n" in await answer.text()
    finally:
        await server.stop()
