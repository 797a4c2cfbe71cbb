"""A member leaves: photos with their files, votes with the totals they counted in, the account."""

from django.db import transaction

from capsite.accounts.models import User
from captions.services.votes import votes_forget
from gallery.models import Image
from gallery.services.images import images_delete


@transaction.atomic
def member_delete(*, person: User) -> None:
    """Delete an account and what is its own; words published by it stay, without a name.

    Screens are told of photos that go and of votes that count no longer.
    """
    images_delete(list(Image.objects.filter(owner=person)))
    votes_forget(voter=person)
    person.delete()
