"""What a change of a document looks like to its reader: Markdown rendered, with what went and what came marked in it.

`pieces.compare(old, new, room)` is the door. Blocks are paired first (`blocks`), then the words inside a pair (`words`);
marks are put between tokens before anything is rendered (`inline`), so no HTML is ever cut or joined.
"""
