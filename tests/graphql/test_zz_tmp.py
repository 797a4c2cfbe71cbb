import time, statistics, pytest
from tests.graphql.test_pages import *
pytestmark = pytest.mark.django_db
def test_t():
    gallery(51); a=Asker(UserFactory())
    a.ask(PAGE, first=50); r=[]
    for _ in range(20):
        t=time.perf_counter(); resp=a.post(PAGE, {"first":50}); r.append(time.perf_counter()-t)
    print("cost", resp.headers["X-GraphQL-Cost"], "median ms", 1000*statistics.median(r), "min", 1000*min(r), len(resp.content)); assert 0
