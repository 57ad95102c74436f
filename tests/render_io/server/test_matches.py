"""Point matches over the API: what the recorded conversations do not show."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.render_io.server.running import running

BASE = "/render-ws/v1/owner/o"
COLLECTION = BASE + "/matchCollection/m"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service")) as opened:
        yield opened


@pytest.fixture
def client(service):
    """The service without any collection."""
    yield service
    for owner in service.get("/render-ws/v1/matchCollectionOwners").json():
        for found in service.get(f"/render-ws/v1/owner/{owner}/matchCollections").json():
            service.delete(f"/render-ws/v1/owner/{owner}/matchCollection/{found['collectionId']['name']}")


def pair(p, q, *xs, **more):
    """Points between two tiles named `group:id`."""
    names = dict(zip(("pGroupId", "pId", "qGroupId", "qId"), (*p.split(":"), *q.split(":")), strict=True))
    return names | {"matches": {"p": [list(xs)] * 2, "q": [list(xs)] * 2, "w": list(xs)}} | more


def keys(answer):
    return [(each["pId"], each["qId"]) for each in answer.json()]


def test_a_refused_list_saves_nothing_and_leaves_the_old_pair(client):
    client.put(COLLECTION + "/matches", json=[pair("1:a", "1:b", 1.0)])
    answer = client.put(
        COLLECTION + "/matches", json=[pair("1:a", "1:b", 2.0), pair("1:c", "1:d", 1.0) | {"qId": None}]
    )
    assert answer.status_code == 400
    found = client.get(COLLECTION + "/pGroup/1/matches").json()
    assert [each["matches"]["w"] for each in found] == [[1.0]]


@pytest.mark.parametrize("name", ["a-b", "a__b", "", " ", "n" * 120])
def test_a_rename_to_a_name_that_could_not_be_addressed_is_refused(client, name):
    client.put(COLLECTION + "/matches", json=[pair("1:a", "1:b", 1.0)])
    assert client.put(COLLECTION + "/collectionId", json={"owner": "o", "name": name}).status_code == 400
    assert client.get(BASE + "/matchCollections").json() == [
        {"collectionId": {"owner": "o", "name": "m"}, "pairCount": 1}
    ]
    assert client.get("/render-ws/v1/matchCollectionOwners").json() == ["o"]


def test_a_missing_name_becomes_the_word_null_but_a_missing_body_is_a_failure(client):
    client.put(COLLECTION + "/matches", json=[pair("1:a", "1:b", 1.0)])
    empty = client.put(COLLECTION + "/collectionId", content=b"", headers={"Content-Type": "application/json"})
    assert (empty.status_code, empty.content) == (500, b"")
    assert client.put(COLLECTION + "/collectionId", json={"owner": "o2"}).status_code == 200
    assert client.get("/render-ws/v1/owner/o2/matchCollection/null/groupIds").json() == ["1"]


def test_queries_of_tiles_and_groups_agree_with_the_key_order(client):
    pairs = [pair("2:x", "10:y", 1.0), pair("2:x", "2:w", 2.0), pair("2:x", "2:x", 3.0), pair("3:z", "2:x", 4.0)]
    client.put(COLLECTION + "/matches", json=pairs)
    assert keys(client.get(COLLECTION + "/group/2/id/x")) == [("y", "x"), ("w", "x"), ("x", "x"), ("x", "z")]
    assert keys(client.get(COLLECTION + "/group/2/id/x/matchesWith/2")) == [("w", "x"), ("x", "x")]
    assert keys(client.get(COLLECTION + "/group/2/matchesOutsideGroup")) == [("y", "x"), ("x", "z")]
    assert client.delete(COLLECTION + "/group/2/id/x").status_code == 200
    assert client.get(BASE + "/matchCollections").json()[0]["pairCount"] == 0


def test_merging_checks_every_name_before_any_collection(client):
    client.put(COLLECTION + "/matches", json=[pair("1:a", "1:b", 1.0)])
    query = COLLECTION + "/pGroup/1/matches?mergeCollection=gone&mergeCollection="
    assert client.get(query + "no-name").status_code == 400
    assert client.get(query + "m").text == "match collection 'o__gone' does not exist"
    assert client.get(query + "no-name&excludeMatchDetails=true").status_code == 400
    assert client.get(COLLECTION + "/pGroup/1/matchCounts?mergeCollection=no-name").status_code == 200


def test_texts_with_quotes_and_other_scripts_come_back_as_they_were(client):
    ids = ['q"uote', "back\\slash", "new\nline", "ünïcødé", "\U0001f600", ""]
    client.put(COLLECTION + "/matches", json=[pair("g:" + tile, "h:" + tile, 1.0) for tile in ids if ":" not in tile])
    found = client.get(COLLECTION + "/group/g/matchesWith/h?excludeMatchDetails=true").json()
    assert sorted(each["pId"] for each in found) == sorted(ids)


@pytest.mark.parametrize(
    "body", [b"{}", b"[", b'["x"]', b"[{}", b"[NaN]", b'[{"matchCount":true}]', b'[{"consensusSetData":[]}]']
)
def test_bodies_of_the_wrong_form_are_400_with_a_page(client, body):
    answer = client.put(COLLECTION + "/matches", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html;charset=utf-8")


def test_what_was_saved_survives_a_new_start(tmp_path):
    sent = [pair("1:a", f"1:{i}", 0.1, 1e-300, 123456789.123456789) for i in range(50)]
    with running(tmp_path) as client:
        client.put(COLLECTION + "/matches", json=sent)
        before = client.get(COLLECTION + "/pGroup/1/matches").content
    with running(tmp_path) as client:
        assert client.get(COLLECTION + "/pGroup/1/matches").content == before


def test_many_writers_lose_nothing(client):
    def save(worker):
        for i in range(5):
            body = [
                pair(f"{worker}:p{i}", f"{worker}:q{i}", float(i)),
                pair("0:shared", "1:shared", *[float(worker)] * 50),
            ]
            assert client.put(COLLECTION + "/matches", json=body).status_code == 201

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(8)))
    assert client.get(BASE + "/matchCollections").json()[0]["pairCount"] == 41
    (shared,) = client.get(COLLECTION + "/group/0/id/shared").json()
    assert len(set(shared["matches"]["w"])) == 1


# ---------------------------------------------------------------- trials


def test_a_well_formed_trial_is_not_offered(client):
    url = "http://127.0.0.1/render-ws/v1/owner/o/project/p/stack/s/tile/{}/render-parameters?scale=0.5"
    features = {"siftFeatureParameters": {"fdSize": 4}, "matchDerivationParameters": {"matchRod": 0.92}}
    trial = {"featureAndMatchParameters": features, "pRenderParametersUrl": url.format("a")}
    answer = client.post(BASE + "/matchTrial", json=trial | {"qRenderParametersUrl": url.format("b")})
    assert (answer.status_code, answer.headers["content-type"]) == (501, "text/plain;charset=utf-8")
    assert "does not draw" in answer.text
    assert client.post(BASE + "/matchTrial", json=trial).text == "qRenderParametersUrl is not defined"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"matchDerivationParameters": None}, "matchDerivationParameters must be defined"),
        ({"pClipPosition": "TOP"}, "clipPixels must be defined when pClipPosition is defined"),
        ({"clipPixels": 5}, "pClipPosition must be defined when clipPixels is defined"),
    ],
)
def test_trial_parameters_are_checked(client, more, told):
    features = {"siftFeatureParameters": {}, "matchDerivationParameters": {}} | more
    answer = client.post(
        BASE + "/matchTrial",
        content=json.dumps({"featureAndMatchParameters": features}),
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.text) == (400, told)
