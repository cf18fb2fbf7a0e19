"""What can be listed, searched, filtered, sorted and exported: declared once, used by pages, REST and exports."""
