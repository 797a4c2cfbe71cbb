"""Decoding strategies (greedy, beam, nucleus): small classes over one step function."""
