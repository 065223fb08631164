"""A program that calls the API, for tests."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from cells import accounts


class Program:
    """A caller with a bearer token; answers are (status, JSON)."""

    def __init__(self, token: str = "", client: Client | None = None) -> None:
        self.client = client or Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: object) -> tuple[int, Any]:
        said = self.client.get(f"/api/v1/{path}", query, headers=self.headers)
        return said.status_code, said.json()

    def post(self, path: str, **body: object) -> tuple[int, Any]:
        said = self.client.post(f"/api/v1/{path}", body, "application/json", headers=self.headers)
        return said.status_code, said.json()


def program(user: User, scope: str) -> Program:
    return Program(accounts.make_token(user=user, scope=scope))
