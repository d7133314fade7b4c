-- Packed hashes among which are those whose first 8 bytes, as a signed number,
-- are from :lo to :hi: of records, of their parents, of lost records.  Rows
-- behind the lookup tables come whole.
SELECT kind, ids FROM segment WHERE segment IN
	(SELECT segment FROM lookup_id WHERE hash8 BETWEEN :lo AND :hi)
UNION ALL
SELECT kind, ids FROM segment WHERE segment >
	(SELECT value FROM meta WHERE name = 'indexed_segment')
UNION ALL
SELECT from_kind, froms FROM segment WHERE segment IN
	(SELECT segment FROM lookup_from WHERE hash8 BETWEEN :lo AND :hi)
UNION ALL
SELECT from_kind, froms FROM segment WHERE froms IS NOT NULL AND segment >
	(SELECT value FROM meta WHERE name = 'indexed_segment')
UNION ALL
SELECT kind, hash FROM loss WHERE loss IN
	(SELECT loss FROM lookup_loss WHERE hash8 BETWEEN :lo AND :hi)
UNION ALL
SELECT kind, hash FROM loss WHERE loss >
	(SELECT value FROM meta WHERE name = 'indexed_loss');
