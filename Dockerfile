# The packages and the code are put together in one image and copied into another: without what only built them.
FROM python:3.11-slim-bookworm AS build
ENV PATH=/venv/bin:$PATH DATA_DIR=/data STATIC_ROOT=/srv/static
WORKDIR /app

COPY requirements.txt stack/uv.txt ./
RUN python -m venv /uv && python -m venv --without-pip /venv \
    && /uv/bin/pip install --no-cache-dir --require-hashes --no-deps -r uv.txt \
    && /uv/bin/uv pip install --python /venv/bin/python --no-cache --compile-bytecode --require-hashes --no-deps -r requirements.txt

COPY . .
RUN SECRET_KEY=only-to-compile-and-collect-while-building python -m stack.prepare --build \
    && python -m compileall -q . \
    && chmod -R a+rX,go-w /app /srv/static

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DATA_DIR=/data STATIC_ROOT=/srv/static ALIVE_SIGNS=/tmp
WORKDIR /app
RUN useradd --system --create-home portal && mkdir -p /data && chown portal /data
COPY --from=build /venv /venv
COPY --from=build /srv/static /srv/static
COPY --from=build /app /app
USER portal
VOLUME /data
EXPOSE 8000
CMD ["python", "-m", "stack.start", "web"]
