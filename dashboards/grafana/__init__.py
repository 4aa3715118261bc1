"""What does the SRE see in Grafana?  Five dashboards, written down as Python and kept as JSON beside it.

Each has a file of its own (`overview`, `quality`, `media`, `twilio_api`, `itself`), which reads like the dashboard:
rows of panels, each with its queries and what to do about what it shows.  What Grafana wants to be told of them is made
by `panels`, `layout`, `links`, `variables`, `annotations` and `board`; `promql` puts the chosen daemons into queries.

    python -m dashboards.grafana                     writes json/ and for_grafana_com/ anew
    python -m dashboards.grafana --into DIRECTORY --roomwatch-url https://roomwatch.example
                                                     writes them for one Grafana, with the address of Roomwatch's pages
"""
