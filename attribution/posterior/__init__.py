"""The fitted result: tables times draws, and every question asked of them."""
