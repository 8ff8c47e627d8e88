import datetime
when = -3000000000
for i in range(400):
    t = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=when)
    yday = t.timetuple().tm_yday
    print(when, t.year - 1900, t.month - 1, t.day, t.hour, t.minute, t.second, (t.weekday() + 1) % 7, yday - 1,
          t.strftime("%Y-%m-%d %a %j %H:%M:%S"))
    when += 15778476 + 12345 * i
print("month")
print("Value too large for defined data type")
print("01 02")
print("[]")
