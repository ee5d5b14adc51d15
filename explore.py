import os
import collections, sys
import hypothesis
hypothesis.settings.register_profile("x", deadline=None, max_examples=int(sys.argv[1]), derandomize=False, print_blob=True)
hypothesis.settings.load_profile("x")
import tempfile
os.environ["OMNI_AGENT_HOME"]=tempfile.mkdtemp()
import tests.server.realtime.client as c
n=collections.Counter()
orig=c.Client._take
async def take(self, m):
    await orig(self, m)
    if m["type"]=="websocket.send":
        import json; e=json.loads(m["text"]); n[e["type"]]+=1
        if e["type"]=="response.done": n[e["response"]["status"]]+=1
        if e["type"]=="error": n["error "+e["error"]["code"]]+=1
c.Client._take=take
import tests.server.realtime.test_any_client as t
f = t.test_invariants_hold.hypothesis.inner_test
from hypothesis import given, settings, strategies as st
g = settings(max_examples=int(sys.argv[1]), deadline=None)(given(st.lists(t.ACTIONS, min_size=1, max_size=30), st.lists(st.sampled_from(t.ANSWERS), min_size=1, max_size=6), st.booleans())(f))
try:
    g()
finally:
    for k,v in sorted(n.items()): print(k,v)
