# One image for every service: Debian 13 has Mosquitto and MicroPython 1.25.
FROM debian:trixie-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends micropython mosquitto python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/loa
COPY requirements.lock ./
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY protocol protocol
COPY firmware firmware
COPY headend headend
COPY simulator simulator
COPY deploy /deploy

RUN useradd --uid 1000 loa && install -d -o loa /loa /loa/broker
USER loa
WORKDIR /loa
VOLUME /loa
ENV PYTHONPATH=/opt/loa PYTHONUNBUFFERED=1
ENTRYPOINT ["/opt/loa/.venv/bin/python", "-m", "headend.cli"]
CMD ["serve"]
