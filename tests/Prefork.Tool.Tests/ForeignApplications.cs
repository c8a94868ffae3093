namespace Prefork.Tool.Tests;

/// <summary>A process of another user's that holds the names app0, app1, ... in a folder, and answers whatever is asked of them with the same words.</summary>
internal static class ForeignApplications
{
    /// <summary>Their user, whom passwd(5) does not have: nobody else's application is this user's, so that they can be counted.</summary>
    internal const string User = "64001";

    private const string Script = """
        use strict; use Socket; use Fcntl;
        my ($folder, $count, $file) = @ARGV;
        $SIG{PIPE} = 'IGNORE';
        open(my $text, '<', $file) or die; local $/; my $reply = <$text>;
        my (@locks, @sockets);
        for my $i (0 .. $count - 1) {
            open(my $lock, '+>', "$folder/app$i.lock") or die $!;
            my $all = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0);
            fcntl($lock, F_SETLK, $all) or die $!;
            socket(my $socket, PF_UNIX, SOCK_STREAM, 0) or die $!;
            bind($socket, sockaddr_un("$folder/app$i.sock")) or die $!;
            listen($socket, 16);
            push @locks, $lock; push @sockets, $socket;
        }
        $| = 1; print "ready\n";
        while (1) {
            my $ready = '';
            vec($ready, fileno($_), 1) = 1 for @sockets;
            select($ready, undef, undef, undef);
            for my $socket (@sockets) {
                next unless vec($ready, fileno($socket), 1);
                accept(my $client, $socket) or next;
                sysread($client, my $request, 65536);
                for (my $sent = 0; $sent < length $reply;) { my $more = syswrite($client, $reply, length($reply) - $sent, $sent); last unless $more; $sent += $more; }
                close $client;
            }
        }
        """;

    /// <param name="mount">Where its files are seen.</param>
    /// <param name="folder">A folder of that mount, or below it.</param>
    /// <param name="count">How many.</param>
    /// <param name="reply">A line.</param>
    internal static async Task<TestProgram> StartAsync(PrivateMount mount, string folder, int count, string reply)
    {
        using var file = new TemporaryFolder();
        var text = Path.Combine(file.Path, "reply");
        await File.WriteAllTextAsync(text, $"{reply}\n");
        File.SetUnixFileMode(file.Path, (UnixFileMode)0b111_101_101);
        var start = mount.Start("setpriv", $"--reuid={User}", $"--regid={User}", "--clear-groups", "sh", "-c", "mkdir -m 700 \"$2\" && exec perl -e \"$1\" \"$2\" \"$3\" \"$4\"", "sh", Script, Path.Combine(folder, "theirs"), $"{count}", text);
        var program = new TestProgram(start.FileName, start.ArgumentList);
        await program.ExpectAsync("ready");
        return program;
    }
}
