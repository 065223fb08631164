# One image for web, worker and beat; docker-compose.yml says which command each runs and how its health is seen.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.txt .
RUN /app/.venv/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY locale locale
RUN /app/.venv/bin/pybabel --quiet compile -D django -d locale

FROM python:3.11-slim-bookworm
# git: landing swaps and pushes branches with it.
RUN apt-get update && apt-get install --yes --no-install-recommends git ca-certificates openssh-client \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --uid 10001 vpm && install --directory --owner=vpm --mode=700 /data
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY --from=build /app/locale locale
COPY manage.py requirements.txt ./
COPY vpm vpm
COPY cells cells
COPY egspace egspace
COPY templates templates
COPY static static
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VPM_DATA_DIR=/data \
    VPM_PRODUCTION=1
USER vpm
# A broken static file should break the build, not the first start.
RUN SECRET_KEY=only-for-this-build VPM_HOSTS=build VPM_DATA_DIR=/tmp/build \
    python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/build
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "vpm.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "8", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
