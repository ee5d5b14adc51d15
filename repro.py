import os, tempfile, sys, asyncio
os.environ["OMNI_AGENT_HOME"]=tempfile.mkdtemp()
import tests.server.realtime.test_any_client as t
from omni_agent.testing import run_virtually, Step
from tests.server.realtime.client import Client
from tests.server.realtime.serving import serving
async def main():
    async with serving(otherwise=lambda _: Step(calls={"weather": {}}, takes=0.7), hears_in=0.1, speaks_in=0.05) as served:
        async with Client(served.app, "conversation=c&user=ana") as client:
            client.send("response.create")
            await asyncio.sleep(121)
            for e in client.events: print(str(e)[:300])
            print(len(served.model.requests))
            for x in asyncio.all_tasks(): x.print_stack(limit=3)
run_virtually(main())
