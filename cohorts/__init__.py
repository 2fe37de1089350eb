"""Who: Circe expressions, attrition, matching, the draw of cases and controls."""
