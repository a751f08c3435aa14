"""被 %run 运行的小程序 / a small program for %run."""

squares = [number**2 for number in range(10)]

if __name__ == "__main__":
    print("hello.py 运行好了 / hello.py has run")
