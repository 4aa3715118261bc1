# syntax=docker/dockerfile:1
# Roomwatch in a container: docs/install.md says how it is built, run and verified.
#
# The base is pinned by its tag; pin it by its digest where you build for others:
#   docker buildx build --build-arg PYTHON=python:3.13-slim-trixie@sha256:... .
ARG PYTHON=python:3.13-slim-trixie

# --- everything that is needed to build, and none of which is shipped ---
FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# Dependencies first: they change less often than the sources, so this layer is there already most of the time.
# `--build-arg REQUIREMENTS=requirements/cluster.txt` has the drivers of PostgreSQL and ClickHouse besides.
ARG REQUIREMENTS=requirements/run.txt
COPY requirements/run.txt requirements/cluster.txt requirements/
RUN python -m venv --without-pip /opt/roomwatch \
 && python -m pip --python /opt/roomwatch install --only-binary :all: --require-hashes --requirement "${REQUIREMENTS}"

# Without a checkout it is not known otherwise what is built here.
ARG VERSION=""
ARG REVISION=""
COPY . .
RUN ROOMWATCH_BUILD_VERSION="${VERSION}" ROOMWATCH_BUILD_REVISION="${REVISION}" \
    python -m pip wheel --no-deps --wheel-dir /wheels . \
 && python -m pip --python /opt/roomwatch install --no-deps --no-index /wheels/*.whl

# --- what is shipped: Python, and one virtual environment ---
FROM ${PYTHON}
# Nothing installs anything here any more, so there is nothing to install with.
RUN python -m pip uninstall --yes --quiet pip \
 && install --directory --owner 10001 --group 0 --mode 0770 /var/lib/roomwatch \
 && install --directory /etc/roomwatch
COPY --from=build /opt/roomwatch /opt/roomwatch

# The environment goes before the configuration file.  The private listener stays on loopback until you say otherwise
# and who may come in: ROOMWATCH_PRIVATE_HOST=0.0.0.0 together with tokens.  SQLite wants a place for what is temporary,
# and a root that is read-only has none but the data.
ENV PATH=/opt/roomwatch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ROOMWATCH_PUBLIC_HOST=0.0.0.0 \
    ROOMWATCH_STORAGE_PATH=/var/lib/roomwatch/roomwatch.db \
    TMPDIR=/var/lib/roomwatch

# Any other user does, too, as long as its group is 0: the folder with the data belongs to that group.
USER 10001:0
# `run` takes config.toml from here if there is one, and else everything from the environment.
WORKDIR /etc/roomwatch
VOLUME /var/lib/roomwatch
EXPOSE 8470 8471
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "monitor.healthy"]
ENTRYPOINT ["roomwatch"]
CMD ["run"]

# Last, since they differ from build to build.
ARG VERSION=""
ARG REVISION=""
ARG CREATED=""
LABEL org.opencontainers.image.title="Roomwatch" \
      org.opencontainers.image.description="Watches Twilio Video calls while they run, and pages someone once" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
