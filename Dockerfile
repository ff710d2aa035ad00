# One image for web, worker, clock and upgrade; the command says which.
FROM python:3.13-slim AS built
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /app
# before the source, so that a change of code installs no dependency again
COPY requirements.lock requirements-build.lock ./
RUN /app/bin/pip install --require-hashes -r requirements.lock \
    && python -m venv /build \
    && /build/bin/pip install --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY activeloop activeloop
COPY web web
COPY worker worker
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /app/bin/pip install --no-deps --no-index /wheels/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data --no-create-home activeloop \
    && install -d -o activeloop -g activeloop /data
COPY --from=built /app /app
# One thread per process for numeric libraries: several worker processes share the cores.
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ACTIVELOOP_DATA=/data \
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 MPLCONFIGDIR=/tmp/matplotlib
USER activeloop
WORKDIR /data
VOLUME /data
EXPOSE 8000
CMD ["activeloop", "web"]
