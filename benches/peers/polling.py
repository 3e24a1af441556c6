"""The original's design: jobs in memory, and every connection looks at its job each half second.

    python -m uvicorn --app-dir benches/peers polling:app
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

POLL_SECONDS = 0.5


@dataclass
class Job:
    version: int = 0
    preview: str = ""


app = FastAPI()
jobs: defaultdict[str, Job] = defaultdict(Job)


async def frames(job: Job) -> AsyncIterator[str]:
    seen = 0
    while True:
        if job.version != seen:
            seen = job.version
            yield f"id: {seen}\nevent: preview\ndata: {job.preview}\n\n"
        await asyncio.sleep(POLL_SECONDS)


@app.get("/events/{job_id}")
async def events(job_id: str) -> StreamingResponse:
    return StreamingResponse(
        frames(jobs[job_id]), media_type="text/event-stream", headers={"Cache-Control": "no-cache"}
    )


@app.post("/publish/{job_ids}", status_code=204)
async def publish(job_ids: str, request: Request) -> Response:
    preview = (await request.body()).decode()
    for job_id in job_ids.split(","):
        job = jobs[job_id]
        job.version += 1
        job.preview = preview
    return Response(status_code=204)
