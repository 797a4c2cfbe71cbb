"""What is made of measured scores: intervals, slices, diagrams, tables and the failure pages."""
