"""Parts of the documentation that the build makes: lessons, and results below blocks."""
