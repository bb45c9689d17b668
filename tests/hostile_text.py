"""What a table from elsewhere may hold."""

#: A formula, a script, quotation marks, what steers a terminal or turns the direction of writing.
HOSTILE = '=HYPERLINK("http://x")<script>alert(\'1\')</script>,\n"\u202eكتب\x07'
