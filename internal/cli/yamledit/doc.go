// Package yamledit changes a YAML or JSON document to a wanted value by editing its
// text: what does not change keeps its order, comments, quotes and blank lines.
//
//	text → nodes → edits (offset, text) → text → checked against the wanted value
//
// [Sync] reads its own result again, so it never returns a document that means
// something else than was asked for.
package yamledit
