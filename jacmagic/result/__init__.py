"""The result at one point: torch's numbers, the closed form, their agreement.

`evaluated` holds torch's numbers, `derived` the closed form beside them, `core` what one does with
both. They are imported from there: compiling loads none of them.
"""
