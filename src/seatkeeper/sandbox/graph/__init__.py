"""The pretend Microsoft Graph: its endpoints, what they are asked, and what they answer or refuse."""
