"""Gives generated photos what people leave on a site: owners, jobs, votes, versions, albums, cases.

Everything is written by PostgreSQL itself, in one statement a table; calling it again after more
photos were written adds what those lack. Members are written together, so their numbers follow one
another and one can be drawn by its number.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection

HEAVY = "ada"  # owns one photo in twenty, whatever their number
ROOT = "root"  # the administrator
PHOTOS_A_MEMBER = 10

OWNERS = """
WITH members AS (SELECT min(id) AS one, count(*) AS many FROM accounts_user WHERE NOT is_staff)
UPDATE gallery_image SET owner_id = CASE
    WHEN abs(hashtext(sha256)) %% 20 = 0 THEN %(heavy)s
    ELSE one + abs(hashtext(sha256)) %% many END
FROM members WHERE owner_id IS NULL
"""
JOBS = """
INSERT INTO gallery_captionjob (id, image_id, state, priority, strategy, language, num, seed,
    attempts, worker, error_code, error_message, timings, created_at, started_at, finished_at)
SELECT gen_random_uuid(), i.id, 'done', 0, 'beam', 'en', 10, 0, 1, '', '', '', '{"decode": 0.2}',
    i.created_at, i.created_at + interval '1 s', i.created_at + interval '2 s'
FROM gallery_image i WHERE NOT EXISTS (SELECT FROM gallery_captionjob j WHERE j.image_id = i.id)
"""
FAILURES = """
INSERT INTO gallery_captionjob (id, image_id, state, priority, strategy, language, num, seed,
    attempts, worker, error_code, error_message, timings, created_at, started_at, finished_at)
SELECT gen_random_uuid(), i.id, 'failed', 0, 'nucleus', 'tr', 3, 0, 3, '',
    'reason_' || i.size %% 4, 'It could not be captioned.', '{}',
    i.created_at, i.created_at + interval '1 s', i.created_at + interval '2 s'
FROM gallery_image i WHERE abs(hashtext(i.sha256)) %% 100 = 1 AND NOT EXISTS (
    SELECT FROM gallery_captionjob j WHERE j.image_id = i.id AND j.state = 'failed')
"""
VOTES = """
WITH members AS (SELECT min(id) AS one, count(*) AS many FROM accounts_user WHERE NOT is_staff),
chosen AS (SELECT id, created_at, abs(hashtext(id::text)) AS dice FROM captions_caption
    WHERE job_id IS NULL)
INSERT INTO captions_vote (caption_id, voter_id, value, harmful, reason, created_at, updated_at)
SELECT c.id, one + (c.dice + n) %% many,
    CASE WHEN (c.dice / 7 + n) %% 4 = 0 THEN -1 ELSE 1 END, false, '',
    c.created_at + n * interval '1 h', c.created_at + n * interval '1 h'
FROM chosen c, members, generate_series(1, 3) n WHERE c.dice %% 10 < 3
"""
TOTALS = """
UPDATE captions_caption c SET job_id = j.id,
    up_votes = coalesce(v.up, 0), down_votes = coalesce(v.down, 0)
FROM captions_caption k
JOIN gallery_captionjob j ON j.image_id = k.image_id AND j.state = 'done'
LEFT JOIN (SELECT caption_id, count(*) FILTER (WHERE value = 1) AS up,
    count(*) FILTER (WHERE value = -1) AS down FROM captions_vote GROUP BY 1) v
    ON v.caption_id = k.id
WHERE k.id = c.id AND c.job_id IS NULL
"""
VERSIONS = """
WITH members AS (SELECT min(id) AS one, count(*) AS many FROM accounts_user WHERE NOT is_staff)
INSERT INTO annotations_revision
    (annotation_id, number, text, kind, author_id, reverted_to, created_at)
SELECT a.id, n, CASE n WHEN 2 THEN a.text || ' Or not?' ELSE a.text END,
    CASE n WHEN 3 THEN 'reverted' ELSE 'written' END,
    CASE n WHEN 1 THEN i.owner_id ELSE one + abs(hashtext(a.id::text)) %% many END,
    CASE n WHEN 3 THEN 1 END, a.created_at + n * interval '1 h'
FROM annotations_annotation a JOIN gallery_image i ON i.id = a.image_id, members,
    generate_series(1, 3) n
WHERE a.version = 1
"""
NEWEST = "UPDATE annotations_annotation SET version = 3 WHERE version = 1"
ALBUMS = """
WITH made AS (
    INSERT INTO gallery_album
        (id, owner_id, title, description, visibility, created_at, updated_at)
    SELECT gen_random_uuid(), i.owner_id, 'Album of ' || i.title, '', 'public',
        i.created_at, i.created_at
    FROM gallery_image i WHERE abs(hashtext(i.sha256)) %% 50 = 2 AND NOT EXISTS (
        SELECT FROM gallery_album a WHERE a.created_at = i.created_at)
    RETURNING id, created_at)
INSERT INTO gallery_albumitem (album_id, image_id, position)
SELECT m.id, i.id, row_number() OVER (PARTITION BY m.id ORDER BY i.created_at)
FROM made m CROSS JOIN LATERAL (SELECT id, created_at FROM gallery_image g
    WHERE g.created_at >= m.created_at AND g.visibility = 'public' ORDER BY g.created_at LIMIT 60) i
"""
CASES = """
INSERT INTO captions_moderationcase
    (id, caption_id, state, reason, opened_at, decision, decided_at, note)
SELECT gen_random_uuid(), c.id, CASE WHEN c.dice %% 2 = 0 THEN 'open' ELSE 'decided' END,
    'downvoted', c.created_at + interval '1 day',
    CASE WHEN c.dice %% 2 = 0 THEN '' ELSE 'approve' END,
    CASE WHEN c.dice %% 2 = 0 THEN NULL ELSE c.created_at + interval '2 days' END, ''
FROM (SELECT *, abs(hashtext(id::text)) / 1000 AS dice FROM captions_caption WHERE down_votes > 0) c
WHERE c.dice %% 25 = 3 AND NOT EXISTS (
    SELECT FROM captions_moderationcase m WHERE m.caption_id = c.id)
"""


def people(photos: int) -> None:
    """Write the members of a site with so many photos, and one administrator."""
    kind: Any = get_user_model()
    there = set(kind.objects.values_list("username", flat=True))
    names = [HEAVY, *(f"member{number}" for number in range(photos // PHOTOS_A_MEMBER))]
    kind.objects.bulk_create([kind(username=name) for name in names if name not in there])
    if ROOT not in there:
        kind.objects.create(username=ROOT, is_staff=True, is_superuser=True)


def lived_in() -> None:
    """Give every photo that has none an owner, a job, votes, versions, albums and cases."""
    heavy = get_user_model()._default_manager.get(username=HEAVY).pk
    every = (OWNERS, JOBS, FAILURES, VOTES, TOTALS, VERSIONS, NEWEST, ALBUMS, CASES)
    with connection.cursor() as cursor:
        for statement in every:
            cursor.execute(statement, {"heavy": heavy})
        cursor.execute("SELECT quote_ident(matviewname) FROM pg_matviews")
        for (view,) in cursor.fetchall():
            cursor.execute(f"REFRESH MATERIALIZED VIEW {view}")
