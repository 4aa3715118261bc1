"""`roomwatch doctor`: will this configuration work, here and now, and if not, what is to be done?"""
