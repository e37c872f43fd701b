"""Which organisations a name may be: suggestions for a person, never a decision."""

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Q

from signatories.models import Organisation, Signature

ALIKE = 0.45  # trigram similarity from which a name is worth a look
MOST = 6


def organisations_like(signature: Signature) -> list[Organisation]:
    """Return organisations whose name resembles the signature's, the likest first, each with `.likeness`."""
    return list(
        Organisation.objects.annotate(likeness=TrigramSimilarity("name_key", signature.name_key))
        .filter(Q(likeness__gte=ALIKE) | Q(name_key=signature.name_key))
        .exclude(signatures=signature)
        .order_by("-likeness", "pk")[:MOST]
    )


def signatures_like(signature: Signature) -> list[Signature]:
    """Return other live signatures of the same letter whose name resembles this one's, with `.likeness`."""
    return list(
        Signature.objects.live()
        .filter(letter=signature.letter_id)
        .exclude(pk=signature.pk)
        .annotate(likeness=TrigramSimilarity("name_key", signature.name_key))
        .filter(likeness__gte=ALIKE)
        .order_by("-likeness", "pk")[:MOST]
    )
