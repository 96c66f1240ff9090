"""What the commands share: messages, options, interrupts, work on many series files."""
