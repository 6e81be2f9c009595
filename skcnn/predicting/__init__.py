"""From tokens to P(class | text), with NumPy alone. Nothing here is for users to import."""
