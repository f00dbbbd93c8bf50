FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 DATA_DIR=/data STATIC_ROOT=/srv/static
WORKDIR /app

COPY requirements.txt stack/uv.txt ./
RUN pip install --no-cache-dir --require-hashes --no-deps -r uv.txt \
    && uv pip install --system --no-cache --compile-bytecode --require-hashes --no-deps -r requirements.txt

COPY . .
RUN useradd --system --create-home portal \
    && SECRET_KEY=only-to-build python -m stack.prepare --build \
    && mkdir -p /data && chown -R portal /data /srv/static
USER portal
VOLUME /data
EXPOSE 8000

CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload", "--no-control-socket", "--timeout", "60", "billing_portal.wsgi"]
