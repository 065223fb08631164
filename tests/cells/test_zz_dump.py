import json, pytest
from tests.factories import *
from tests.cells.test_api import Program, program
pytestmark = pytest.mark.django_db
def test_dump(tmp_path):
    r = a_repository(tmp_path)
    p = a_patch(r)
    me = program(a_user("rin","reviewer"),"reviewer")
    from cells.models import Patch
    out={}
    for path in ("repositories","projects","cells?lane=monitoring","cells/oven","cells/oven/evidence?limit=1","patches?state=proposed&limit=1",f"patches/{p.pk}","audit?limit=1","swarm","health"):
        out[path]=me.get(path)[1]
    with committed():
        out["approve"]=me.post(f"patches/{p.pk}/approve",digest=p.digest,reason="Warm is good.")[1]
    json.dump(out,open("/tmp/x/api_dump.json","w"),ensure_ascii=False,indent=1)
