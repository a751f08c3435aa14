from lyceum.dispatcher.main import run

run()
