"""Tests of rules that are written as data."""
