"""Who may ask for which GraphQL field: a row for each root field, field of ``Me`` and node.

The words answer for visitor, owner, other member, moderator and administrator: ``ok`` is data,
``none`` null without an error, and the others stand for a code (``WORDS``). ``$image`` and the like
are ids of the owner's rows, ``private`` or ``public``. ``scope`` is what a token needs.
"""

from dataclasses import dataclass

from capsite.accounts.scopes import Scope
from tests.contracts.who_may_rest import SESSION

READ, WRITE = Scope.CAPTIONS_READ, Scope.CAPTIONS_WRITE
EDIT, MODERATE = Scope.ANNOTATIONS_WRITE, Scope.MODERATION

WORDS = {
    "not_found": "404",
    "forbidden": "403",
    "sign_in_required": "in",
    "insufficient_scope": "scope",
    "session_required": "session",
    "url_not_allowed": "url",  # whoever may send a photo gets as far as its address
}
ALL = "ok ok ok ok ok"
FETCH = "url url url url url"
SEEN = "404 ok 404 404 ok"
MEMBERS = "in ok ok ok ok"
ONESELF = "none ok ok ok ok"
SEEN_BY_MEMBERS = "in ok 404 404 ok"
CHANGED = "403 ok 403 403 ok"  # sees it, and is nobody who could change it
CHANGED_UNSEEN = "404 ok 404 404 ok"
OWNER = "in ok 404 404 404"
MODERATORS = "in scope scope ok ok"
LIST = "{ edges { cursor } }"
BODY = 'url: "https://example.org/x", events: ["caption.ready"]'


@dataclass(frozen=True)
class Field:
    """One field, and how it is asked for."""

    name: str
    ask: str
    scope: Scope | str
    private: str
    public: str = ""


QUERIES = [
    Field("Query.search", f'search(text: "dog") {LIST}', READ, ALL),
    Field("Query.statistics", "statistics { unit }", READ, ALL),  # the public ones; as in REST
    Field("Query.annotation", 'annotation(id: "$annotation") { id }', READ, SEEN, ALL),
    Field("Query.moderationCase", 'moderationCase(id: "$case") { id }', MODERATE, MODERATORS),
    Field("Query.moderationCases", f"moderationCases {LIST}", MODERATE, MODERATORS),
    Field("Query.models", f"models {LIST}", READ, ALL),
    Field("Query.caption", 'caption(id: "$caption") { id }', READ, SEEN, ALL),
    Field("Query.languages", "languages", READ, ALL),
    Field("Query.strategies", "strategies", READ, ALL),
    Field("Query.batch", 'batch(id: "$batch") { id }', READ, SEEN),
    Field("Query.album", 'album(id: "$album") { id }', READ, SEEN, ALL),
    Field("Query.albums", f"albums {LIST}", READ, ALL),
    Field("Query.image", 'image(id: "$image") { id }', READ, SEEN, ALL),
    Field("Query.images", f"images {LIST}", READ, ALL),
    Field("Query.job", 'job(id: "$job") { id }', READ, SEEN, ALL),
    Field("Query.jobs", f"jobs {LIST}", READ, ALL),
    Field("Query.me", "me { role }", READ, ONESELF),
    Field("Query.node", 'node(id: "$node_image") { id }', READ, SEEN, ALL),
    Field("Me.user", "me { user { name } }", READ, ONESELF),
    Field("Me.role", "me { role }", READ, ONESELF),
    Field("Me.scopes", "me { scopes }", READ, ONESELF),
    Field("Me.images", f"me {{ images {LIST} }}", READ, ONESELF),
    Field("Me.votes", f"me {{ votes {LIST} }}", READ, ONESELF),
    Field("Me.albums", f"me {{ albums {LIST} }}", READ, ONESELF),
    Field("Me.webhooks", f"me {{ webhooks {LIST} }}", WRITE, ONESELF),
    Field("Me.tokens", f"me {{ tokens {LIST} }}", SESSION, ONESELF),
]
NODES = [
    Field("node(Image)", 'node(id: "$node_image") { id }', READ, SEEN, ALL),
    Field("node(Job)", 'node(id: "$node_job") { id }', READ, SEEN, ALL),
    Field("node(Caption)", 'node(id: "$node_caption") { id }', READ, SEEN, ALL),
    Field("node(Annotation)", 'node(id: "$node_annotation") { id }', READ, SEEN, ALL),
    Field("node(Revision)", 'node(id: "$node_revision") { id }', READ, SEEN, ALL),
    Field("node(Album)", 'node(id: "$node_album") { id }', READ, SEEN, ALL),
    Field("node(Batch)", 'node(id: "$node_batch") { id }', READ, SEEN),
    Field("node(Model)", 'node(id: "$node_model") { id }', READ, ALL),
    Field("node(ModerationCase)", 'node(id: "$node_case") { id }', MODERATE, MODERATORS),
    Field("node(User)", 'node(id: "$node_owner") { id }', READ, "404 ok 404 404 404"),
    Field("node(WebhookEndpoint)", 'node(id: "$node_webhook") { id }', WRITE, OWNER),
    Field("node(WebhookDelivery)", 'node(id: "$node_delivery") { id }', WRITE, OWNER),
    Field("node(PersonalToken)", 'node(id: "$node_token") { id }', SESSION, OWNER),
]
MUTATIONS = [
    Field(
        "Mutation.annotationEdit",
        'annotationEdit(imageId: "$image", language: "en", text: "x", baseVersion: 1)'
        " { annotation { id } }",
        *(EDIT, SEEN_BY_MEMBERS, MEMBERS),
    ),
    Field(
        "Mutation.captionPromote",
        'captionPromote(captionId: "$caption", baseVersion: 1) { annotation { id } }',
        *(EDIT, SEEN_BY_MEMBERS, MEMBERS),
    ),
    Field(
        "Mutation.annotationRevert",
        'annotationRevert(id: "$annotation", number: 1, baseVersion: 1) { annotation { id } }',
        *(EDIT, SEEN_BY_MEMBERS, MEMBERS),
    ),
    Field("Mutation.webhookCreate", f"webhookCreate({BODY}) {{ secret }}", WRITE, MEMBERS),
    Field(
        "Mutation.webhookUpdate",
        'webhookUpdate(id: "$webhook", name: "x") { webhook { id } }',
        *(WRITE, OWNER),
    ),
    Field("Mutation.webhookDelete", 'webhookDelete(id: "$webhook") { ok }', WRITE, OWNER),
    Field("Mutation.webhookPing", 'webhookPing(id: "$webhook") { delivery { id } }', WRITE, OWNER),
    Field(
        "Mutation.webhookSecretRotate",
        'webhookSecretRotate(id: "$webhook") { secret }',
        *(WRITE, OWNER),
    ),
    Field(
        "Mutation.webhookDeliveryResend",
        'webhookDeliveryResend(id: "$delivery") { delivery { id } }',
        *(WRITE, OWNER),
    ),
    Field(
        "Mutation.caseDecide",
        'caseDecide(id: "$case", decision: APPROVE) { case { id } }',
        *(MODERATE, MODERATORS),
    ),
    Field("Mutation.captionAsk", 'captionAsk(imageId: "$image") { jobs { id } }', WRITE, SEEN, ALL),
    Field(
        "Mutation.voteCast",
        'voteCast(captionId: "$caption", value: 1) { caption { id } }',
        *(WRITE, SEEN_BY_MEMBERS, MEMBERS),
    ),
    Field(
        "Mutation.voteWithdraw",
        'voteWithdraw(captionId: "$caption") { caption { id } }',
        *(WRITE, SEEN_BY_MEMBERS, MEMBERS),
    ),
    Field(
        "Mutation.batchCreate",
        'batchCreate(urls: ["http://127.0.0.1/x"]) { batch { failed } }',
        *(WRITE, ALL),
    ),
    Field(
        "Mutation.imageUpload",
        'imageUpload(url: "http://127.0.0.1/x") { image { id } }',
        *(WRITE, FETCH),
    ),
    Field("Mutation.albumCreate", 'albumCreate(title: "x") { album { id } }', WRITE, MEMBERS),
    Field(
        "Mutation.albumUpdate",
        'albumUpdate(id: "$album", title: "x") { album { id } }',
        *(WRITE, CHANGED_UNSEEN, CHANGED),
    ),
    Field(
        "Mutation.albumDelete",
        'albumDelete(id: "$album") { ok }',
        *(WRITE, CHANGED_UNSEEN, CHANGED),
    ),
    Field(
        "Mutation.albumAdd",
        'albumAdd(id: "$album", images: ["$image"]) { album { id } }',
        *(WRITE, CHANGED_UNSEEN, CHANGED),
    ),
    Field(
        "Mutation.albumRemove",
        'albumRemove(id: "$album", images: ["$image"]) { album { id } }',
        *(WRITE, CHANGED_UNSEEN, CHANGED),
    ),
    Field(
        "Mutation.albumMove",
        'albumMove(id: "$album", imageId: "$image") { album { id } }',
        *(WRITE, CHANGED_UNSEEN, CHANGED),
    ),
    Field(
        "Mutation.imageUpdate",
        'imageUpdate(id: "$image", title: "x") { image { id } }',
        *(WRITE, CHANGED_UNSEEN, CHANGED),
    ),
    Field(
        "Mutation.imageDelete",
        'imageDelete(id: "$image") { ok }',
        *(WRITE, CHANGED_UNSEEN, CHANGED),
    ),
    Field("Mutation.jobRetry", 'jobRetry(id: "$job") { job { id } }', WRITE, SEEN, ALL),
    Field(
        "Mutation.tokenCreate",
        'tokenCreate(name: "x", scopes: ["captions:read"], expiresAt: "$tomorrow") { secret }',
        *(SESSION, MEMBERS),
    ),
    Field("Mutation.tokenRevoke", 'tokenRevoke(id: "$token") { ok }', SESSION, OWNER),
]
SUBSCRIPTIONS = [
    Field(
        "Subscription.captionUpdated",
        'captionUpdated(imageId: "$image") { kind }',
        *(READ, SEEN, ALL),
    ),
    Field("Subscription.imageFeed", "imageFeed { kind }", READ, ALL),
    Field("Subscription.jobProgress", 'jobProgress(jobId: "$job") { id }', READ, SEEN, ALL),
]
FIELDS = [*QUERIES, *NODES, *MUTATIONS, *SUBSCRIPTIONS]
