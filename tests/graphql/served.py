"""The site with its static files, for uvicorn; ``tests.graphql.live`` runs it."""

from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

from capsite.asgi import application as site

application = ASGIStaticFilesHandler(site)
