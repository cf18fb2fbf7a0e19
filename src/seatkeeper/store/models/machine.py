"""What belongs to the installation and to no organization: its backups, and which keys its processes know."""

from __future__ import annotations

from django.db import models


class Backup(models.Model):
    """A backup that was made, is being made, or failed."""

    file = models.TextField(help_text="Where it was written.")
    scheduled = models.BooleanField(help_text="Whether it was made by itself, and is removed by itself.")
    started = models.BigIntegerField(help_text="When it was begun.")
    ended = models.BigIntegerField(null=True, help_text="When it was written and read back; null while it is not.")
    size = models.BigIntegerField(default=0, help_text="Bytes of the file; 0 while there is none.")
    trouble = models.TextField(default="", blank=True, help_text="Why there is none; empty when nothing is wrong.")
    removed = models.BooleanField(default=False, help_text="Whether it was too old to be kept.")

    def __str__(self) -> str:
        return self.file


class ProcessKeys(models.Model):
    """Which keys a running process knows: none is used to seal before all can open what it seals."""

    process = models.TextField(unique=True, help_text="The process (machine, process, start).")
    keys = models.TextField(help_text="Ids of the keys, the one that it seals with first, separated by spaces.")
    seen = models.BigIntegerField(help_text="When the process last said so.")

    class Meta:
        verbose_name_plural = "keys of processes"

    def __str__(self) -> str:
        return self.process
