"""The pages of the record and the loop."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from cells.views import audit, cells, evidence, files, patches, pulse, repositories, session

urlpatterns = [
    path("cells/<str:key>/", cells.cell, name="cell"),
    path("cells/<str:key>/panel/", cells.panel, name="cell-panel"),
    path("evidence/", evidence.evidence_list, name="evidence-list"),
    path("evidence/<int:pk>/", evidence.evidence, name="evidence"),
    path("evidence/<int:pk>/picture", evidence.picture, name="picture"),
    path("evidence/<int:pk>/assign", evidence.assign, name="assign"),
    path("files/", files.file, name="file"),
    path("patches/", patches.patches, name="patches"),
    path("patches/waiting", patches.waiting, name="waiting"),
    path("patches/<int:pk>/", patches.patch, name="patch"),
    path("patches/<int:pk>/approve", patches.decide, {"verb": "approve"}, name="approve"),
    path("patches/<int:pk>/reject", patches.decide, {"verb": "reject"}, name="reject"),
    path("patches/<int:pk>/reopen", patches.decide, {"verb": "reopen"}, name="reopen"),
    path("patches/<int:pk>/retry", patches.decide, {"verb": "retry"}, name="retry"),
    path("patches/<int:pk>/push", patches.push, name="push"),
    path("audit/", audit.audit, name="audit"),
    path("repositories/", repositories.repositories, name="repositories"),
    path("repositories/<str:key>/sync", repositories.sync, name="sync"),
    path("pulse", pulse.pulse, name="pulse"),
    path("in/<str:token>/", session.by_link, name="sign-in-by-link"),
    path("sign-in/", LoginView.as_view(template_name="cells/sign_in.html"), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("account/", session.account, name="account"),
    path("account/tokens", session.make_token, name="make-token"),
    path("account/tokens/<int:pk>/revoke", session.revoke_token, name="revoke-token"),
]
