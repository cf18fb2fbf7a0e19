"""What is true in a pretend tenant: people, licences, sign-ins. Nothing here knows how Graph shows it."""
