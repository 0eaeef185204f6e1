"""An application that counts its requests: `app` for gunicorn (WSGI), `asgi` for uvicorn. It serves no metrics."""
from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter('shop_requests', 'Requests that were answered.', ['server'])
# Of several processes: say how their values join. The default, `all`, is a series for each process there ever was.
IN_PROGRESS = Gauge('shop_requests_in_progress', 'Requests being answered.', multiprocess_mode='livesum')
SECONDS = Histogram('shop_request_seconds', 'Time an answer took.')


def app(environ, start_response):
    with IN_PROGRESS.track_inprogress(), SECONDS.time():
        REQUESTS.labels(server='gunicorn').inc()
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'ok\n']


async def asgi(scope, receive, send):
    if scope['type'] != 'http':
        return
    with IN_PROGRESS.track_inprogress(), SECONDS.time():
        REQUESTS.labels(server='uvicorn').inc()
        await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-type', b'text/plain')]})
        await send({'type': 'http.response.body', 'body': b'ok\n'})
