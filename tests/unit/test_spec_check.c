/* SPDX-License-Identifier: Apache-2.0 */
/* Every rule of spec_check: one document that breaks it, and where that is reported; documents that
 * look odd and are right; the recorded ones. JSON is written with ' for ". */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "fixtures.h"
#include "spec/spec_check.h"

/* 65 bytes */
#define LONG "0123456789012345678901234567890123456789012345678901234567890123x"
#define MNT "'namespaces':[{'type':'mount'}]"
#define NS(entries) "'namespaces':[{'type':'mount'}," entries "]"
#define USERNS NS("{'type':'user'}")
#define MAPS(uid, gid) "'uidMappings':[" uid "],'gidMappings':[" gid "]"
#define MAP "{'containerID':0,'hostID':1,'size':1}"
#define RES(r) MNT ",'resources':{" r "}"
#define SECCOMP(s) MNT ",'seccomp':{'defaultAction':'SCMP_ACT_ALLOW'," s "}"
#define SYSCALL(s) SECCOMP("'syscalls':[{" s "}]")
#define PROC(p) "'cwd':'/','args':['a']," p
#define MOUNT(m) "'mounts':[{" m "}]"
#define HOOK(h) "'hooks':{'poststop':[{'path':'/a'},{" h "}]}"

/* A document is put together from these; what is NULL is a minimal good one. */
struct row {
	const char *where, *msg; /* of the problem; NULL: there is none */
	const char *version;
	const char *top;     /* more members of the document */
	const char *process; /* members of process */
	const char *linux_;  /* members of linux */
	int kind;	     /* 0: ERR_INVALID */
};

static const struct row broken[] = {
	{ "ociVersion", "1.x", .version = "2.0.0" },
	{ "ociVersion", "1.x", .version = "1.2" },
	{ "ociVersion", "1.x", .version = "" },
	{ "ociVersion", "1.x", .version = "1.2.3x" },
	{ "ociVersion", "1.x", .version = "1.2.3-" },

	{ "hostname", "uts", .top = "'hostname':'h'" },
	{ "hostname", "64", .linux_ = NS("{'type':'uts'}"), .top = "'hostname':'" LONG "'" },
	{ "domainname", "uts", .top = "'domainname':'d'" },
	{ "domainname", "64", .linux_ = NS("{'type':'uts'}"), .top = "'domainname':'" LONG "'" },
	{ "annotations", "name", .top = "'annotations':{'':'v'}" },

	{ "mounts[0].destination", "inside /proc", .top = MOUNT("'destination':'/proc/sys'") },
	{ "mounts[0].destination", "inside /proc", .top = MOUNT("'destination':'proc//x/../irq'") },
	{ "mounts[0].destination", "inside /proc", .top = MOUNT("'destination':'/proc/stat/x'") },
	{ "mounts[0].destination", "type proc",
	  .top = MOUNT("'destination':'/proc/','type':'tmpfs'") },
	{ "mounts[0].source", "bind", .top = MOUNT("'destination':'/a','options':['rbind']") },
	{ "mounts[0].source", "bind",
	  .top = MOUNT("'destination':'/a','source':'','options':['bind']") },
	{ "mounts[0].uidMappings", "together",
	  .top = MOUNT("'destination':'/a','uidMappings':[" MAP "]") },
	{ "mounts[0].uidMappings[0].size", "0",
	  .top = MOUNT("'destination':'/a'," MAPS("{'containerID':0,'hostID':1,'size':0}", MAP)) },
	{ "mounts[0].gidMappings", "overlap",
	  .top = MOUNT("'destination':'/a'," MAPS(MAP, MAP "," MAP)) },
	{ "mounts[0].options", "idmap",
	  .top = MOUNT("'destination':'/a','source':'/b','options':['bind','idmap']") },

	{ "hooks.poststop[1].path", "absolute", .top = HOOK("'path':'a'") },
	{ "hooks.poststop[1].timeout", "greater", .top = HOOK("'path':'/a','timeout':0") },
	{ "hooks.poststop[1].timeout", "greater", .top = HOOK("'path':'/a','timeout':-1") },
	{ "hooks.poststop[1].env[0]", "NAME=", .top = HOOK("'path':'/a','env':['A']") },
	{ "hooks.prestart[0].path", "absolute", .top = "'hooks':{'prestart':[{'path':'a'}]}" },
	{ "hooks.createRuntime[0].path", "absolute",
	  .top = "'hooks':{'createRuntime':[{'path':'a'}]}" },
	{ "hooks.createContainer[0].path", "absolute",
	  .top = "'hooks':{'createContainer':[{'path':'a'}]}" },
	{ "hooks.startContainer[0].path", "absolute",
	  .top = "'hooks':{'startContainer':[{'path':'a'}]}" },
	{ "hooks.poststart[0].path", "absolute", .top = "'hooks':{'poststart':[{'path':'a'}]}" },

	{ "process.cwd", "absolute", .process = "'cwd':'a','args':['a']" },
	{ "process.cwd", "absolute", .process = "'cwd':'','args':['a']" },
	{ "process.args", "program", .process = "'cwd':'/'" },
	{ "process.args", "program", .process = "'cwd':'/','args':[]" },
	{ "process.env[1]", "NAME=", .process = PROC("'env':['A=','B']") },
	{ "process.env[0]", "NAME=", .process = PROC("'env':['=x']") },
	{ "process.user.uid", "4294967295", .process = PROC("'user':{'uid':4294967295,'gid':0}") },
	{ "process.user.gid", "4294967295", .process = PROC("'user':{'uid':0,'gid':4294967295}") },
	{ "process.user.additionalGids[1]", "4294967295",
	  .process = PROC("'user':{'uid':0,'gid':0,'additionalGids':[1,4294967295]}") },
	{ "process.user.umask", "0777", .process = PROC("'user':{'uid':0,'gid':0,'umask':512}") },
	{ "process.rlimits[0].type", "NOFILE",
	  .process = PROC("'rlimits':[{'type':'RLIMIT_X','soft':1,'hard':1}]") },
	{ "process.rlimits[0].soft", "hard",
	  .process = PROC("'rlimits':[{'type':'RLIMIT_AS','soft':2,'hard':1}]") },
	{ "process.rlimits", "two entries",
	  .process = PROC("'rlimits':[{'type':'RLIMIT_AS','soft':1,'hard':1},"
			  "{'type':'RLIMIT_AS','soft':2,'hard':2}]") },
	{ "process.oomScoreAdj", "1000", .process = PROC("'oomScoreAdj':1001") },
	{ "process.oomScoreAdj", "1000", .process = PROC("'oomScoreAdj':-1001") },
	{ "process.scheduler.nice", "-20",
	  .process = PROC("'scheduler':{'policy':'SCHED_OTHER','nice':20}") },
	{ "process.scheduler.nice", "-20",
	  .process = PROC("'scheduler':{'policy':'SCHED_OTHER','nice':-21}") },
	{ "process.scheduler.priority", "1 to 99",
	  .process = PROC("'scheduler':{'policy':'SCHED_FIFO','priority':0}") },
	{ "process.scheduler.priority", "1 to 99",
	  .process = PROC("'scheduler':{'policy':'SCHED_RR','priority':100}") },
	{ "process.scheduler.priority", "1 to 99",
	  .process = PROC("'scheduler':{'policy':'SCHED_BATCH','priority':1}") },
	{ "process.scheduler.deadline", "SCHED_DEADLINE",
	  .process = PROC("'scheduler':{'policy':'SCHED_OTHER','runtime':1}") },
	{ "process.scheduler.deadline", "runtime",
	  .process = PROC("'scheduler':{'policy':'SCHED_DEADLINE','runtime':3,'deadline':2}") },
	{ "process.scheduler.deadline", "runtime",
	  .process = PROC(
		  "'scheduler':{'policy':'SCHED_DEADLINE','runtime':1,'deadline':3,'period':2}") },
	{ "process.ioPriority.priority", "7",
	  .process = PROC("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':8}") },
	{ "process.ioPriority.priority", "7",
	  .process = PROC("'ioPriority':{'class':'IOPRIO_CLASS_BE','priority':-1}") },
	{ "process.execCPUAffinity.initial", "list",
	  .process = PROC("'execCPUAffinity':{'initial':'0,'}") },
	{ "process.execCPUAffinity.final", "list",
	  .process = PROC("'execCPUAffinity':{'final':'3-1'}") },

	{ "linux.namespaces", "type mount", .linux_ = "'namespaces':[{'type':'pid'}]" },
	{ "linux.namespaces", "two entries",
	  .linux_ = NS("{'type':'pid'},{'type':'pid','path':'/x'}") },
	{ "linux.namespaces[1].path", "absolute", .linux_ = NS("{'type':'pid','path':'x'}") },
	{ "linux.namespaces[1].path", "absolute", .linux_ = NS("{'type':'pid','path':''}") },
	{ "linux.namespaces", "uidMappings", .linux_ = USERNS },
	{ "linux.namespaces", "gidMappings", .linux_ = USERNS ",'uidMappings':[" MAP "]" },
	{ "linux.uidMappings", "type user", .linux_ = MNT "," MAPS(MAP, MAP) },
	{ "linux.uidMappings[0].size", "greater",
	  .linux_ = USERNS "," MAPS("{'containerID':0,'hostID':0,'size':0}", MAP) },
	{ "linux.gidMappings[0].size", "last id",
	  .linux_ = USERNS "," MAPS(MAP, "{'containerID':0,'hostID':4294967290,'size':6}") },
	{ "linux.uidMappings[0].size", "last id",
	  .linux_ = USERNS "," MAPS("{'containerID':4294967295,'hostID':0,'size':1}", MAP) },
	{ "linux.uidMappings", "overlap",
	  .linux_ = USERNS "," MAPS(MAP ",{'containerID':5,'hostID':0,'size':2}", MAP) },
	{ "linux.gidMappings", "overlap",
	  .linux_ = USERNS "," MAPS(MAP, MAP ",{'containerID':0,'hostID':9,'size':2}") },

	{ "linux.timeOffsets", "type time",
	  .linux_ = MNT ",'timeOffsets':{'boottime':{'secs':1}}" },
	{ "linux.timeOffsets", "type time",
	  .linux_ = NS("{'type':'time','path':'/x'}") ",'timeOffsets':{'monotonic':{'secs':1}}" },
	{ "linux.timeOffsets.monotonic.nanosecs", "below",
	  .linux_ = NS("{'type':'time'}") ",'timeOffsets':{'monotonic':{'nanosecs':1000000000}}" },
	{ "linux.timeOffsets.boottime.nanosecs", "below",
	  .linux_ = NS("{'type':'time'}") ",'timeOffsets':{'boottime':{'nanosecs':1000000000}}" },

	{ "linux.devices[0].type", "c, b, u or p",
	  .linux_ = MNT ",'devices':[{'type':'a','path':'/x','major':1,'minor':1}]" },
	{ "linux.devices[0].type", "c, b, u or p",
	  .linux_ = MNT ",'devices':[{'type':'','path':'/x','major':1,'minor':1}]" },
	{ "linux.devices[0].path", "absolute",
	  .linux_ = MNT ",'devices':[{'type':'p','path':'x'}]" },
	{ "linux.devices[0].major", "need",
	  .linux_ = MNT ",'devices':[{'type':'c','path':'/x','major':1}]" },
	{ "linux.devices[0].major", "4095",
	  .linux_ = MNT ",'devices':[{'type':'c','path':'/x','major':4096,'minor':1}]" },
	{ "linux.devices[0].minor", "1048575",
	  .linux_ = MNT ",'devices':[{'type':'c','path':'/x','major':1,'minor':-1}]" },
	{ "linux.devices[0].uid", "4294967295",
	  .linux_ = MNT ",'devices':[{'type':'p','path':'/x','uid':4294967295}]" },
	{ "linux.devices[0].gid", "4294967295",
	  .linux_ = MNT ",'devices':[{'type':'p','path':'/x','gid':4294967295}]" },

	{ "linux.netDevices", "type network", .linux_ = MNT ",'netDevices':{'eth0':{}}" },
	{ "linux.netDevices[\"a.b/c\"]", "interface",
	  .linux_ = NS("{'type':'network'}") ",'netDevices':{'a.b/c':{}}" },
	{ "linux.netDevices.e.name", "interface",
	  .linux_ = NS("{'type':'network'}") ",'netDevices':{'e':{'name':'0123456789abcdef'}}" },

	{ "linux.netDevices.e.name", "interface",
	  .linux_ = NS("{'type':'network'}") ",'netDevices':{'e':{'name':'a%s'}}" },
	{ "linux.netDevices", "one name",
	  .linux_ = NS("{'type':'network'}") ",'netDevices':{'e':{'name':'a'},'a':{}}" },
	{ "linux.cgroupsPath", "..", .linux_ = MNT ",'cgroupsPath':'/a/../b'" },
	{ "linux.cgroupsPath", "..", .linux_ = MNT ",'cgroupsPath':'..'" },
	{ "linux.maskedPaths[0]", "absolute", .linux_ = MNT ",'maskedPaths':['a']" },
	{ "linux.readonlyPaths[0]", "absolute", .linux_ = MNT ",'readonlyPaths':['a']" },
	{ "linux.personality.flags", "empty",
	  .linux_ = MNT ",'personality':{'domain':'LINUX','flags':['x']}" },
	{ "linux.intelRdt.closID", "directory", .linux_ = MNT ",'intelRdt':{'closID':'..'}" },
	{ "linux.intelRdt.closID", "directory", .linux_ = MNT ",'intelRdt':{'closID':'a/b'}" },
	{ "linux.memoryPolicy.nodes", "list",
	  .linux_ = MNT ",'memoryPolicy':{'mode':'MPOL_BIND','nodes':'x'}" },
	{ "linux.memoryPolicy.nodes", "MPOL_LOCAL",
	  .linux_ = MNT ",'memoryPolicy':{'mode':'MPOL_LOCAL','nodes':'0'}" },
	{ "linux.memoryPolicy.nodes", "MPOL_LOCAL",
	  .linux_ = MNT ",'memoryPolicy':{'mode':'MPOL_INTERLEAVE'}" },
	{ "linux.memoryPolicy.flags", "exclude",
	  .linux_ = MNT ",'memoryPolicy':{'mode':'MPOL_BIND','nodes':'0',"
			"'flags':['MPOL_F_STATIC_NODES','MPOL_F_RELATIVE_NODES']}" },
	{ "linux.memoryPolicy.flags", "need nodes",
	  .linux_ =
		  MNT ",'memoryPolicy':{'mode':'MPOL_PREFERRED','flags':['MPOL_F_STATIC_NODES']}" },
	{ "linux.memoryPolicy.flags", "for MPOL_BIND",
	  .linux_ = MNT ",'memoryPolicy':{'mode':'MPOL_INTERLEAVE','nodes':'0',"
			"'flags':['MPOL_F_NUMA_BALANCING']}" },

	{ "linux.sysctl[\"kernel.core_pattern\"]", "no namespace",
	  .linux_ = MNT ",'sysctl':{'kernel.core_pattern':'x'}" },
	{ "linux.sysctl.kernel/shmmaxx", "no namespace",
	  .linux_ = NS("{'type':'ipc'}") ",'sysctl':{'kernel/shmmaxx':'x'}" },
	{ "linux.sysctl.net", "no namespace",
	  .linux_ = NS("{'type':'network'}") ",'sysctl':{'net':'x'}" },
	{ "linux.sysctl[\"kernel.hostname\"]", "hostname",
	  .linux_ = NS("{'type':'uts'}") ",'sysctl':{'kernel.hostname':'x'}" },
	{ "linux.sysctl[\"kernel.shmmax\"]", "ipc",
	  .linux_ = MNT ",'sysctl':{'kernel.shmmax':'1'}" },
	{ "linux.sysctl.fs/mqueue/msg_max", "ipc",
	  .linux_ = MNT ",'sysctl':{'fs/mqueue/msg_max':'1'}" },
	{ "linux.sysctl[\"net.ipv4.ip_forward\"]", "network",
	  .linux_ = MNT ",'sysctl':{'net.ipv4.ip_forward':'1'}" },
	{ "linux.sysctl[\"kernel.domainname\"]", "uts",
	  .linux_ = MNT ",'sysctl':{'kernel.domainname':'1'}" },
	{ "linux.sysctl[\"net/../kernel/core_pattern\"]", "between",
	  .linux_ = NS("{'type':'network'}") ",'sysctl':{'net/../kernel/core_pattern':'x'}" },
	{ "linux.sysctl[\"net.//.kernel.x\"]", "between",
	  .linux_ = NS("{'type':'network'}") ",'sysctl':{'net.//.kernel.x':'x'}" },
	{ "linux.sysctl[\"net.ipv4.\"]", "between",
	  .linux_ = NS("{'type':'network'}") ",'sysctl':{'net.ipv4.':'x'}" },
	{ "linux.sysctl./net/a", "between",
	  .linux_ = NS("{'type':'network'}") ",'sysctl':{'/net/a':'x'}" },

	{ "linux.seccomp.defaultAction", "NOTIFY",
	  .linux_ = MNT ",'seccomp':{'defaultAction':'SCMP_ACT_NOTIFY'}" },
	{ "linux.seccomp.defaultErrnoRet", "only", .linux_ = SECCOMP("'defaultErrnoRet':1") },
	{ "linux.seccomp.defaultErrnoRet", "4095",
	  .linux_ = MNT ",'seccomp':{'defaultAction':'SCMP_ACT_ERRNO','defaultErrnoRet':4096}" },
	{ "linux.seccomp.architectures[0]", "SCMP_ARCH",
	  .linux_ = SECCOMP("'architectures':['SCMP_ARCH_X']") },
	{ "linux.seccomp.listenerPath", "absolute", .linux_ = SECCOMP("'listenerPath':'l'") },
	{ "linux.seccomp.listenerPath", "NOTIFY",
	  .linux_ = SYSCALL("'names':['a'],'action':'SCMP_ACT_NOTIFY'") },
	{ "linux.seccomp.listenerMetadata", "listenerPath",
	  .linux_ = SECCOMP("'listenerMetadata':'m'") },
	{ "linux.seccomp.syscalls[0].names[1]", "name",
	  .linux_ = SYSCALL("'names':['a',''],'action':'SCMP_ACT_LOG'") },
	{ "linux.seccomp.syscalls[0].errnoRet", "only",
	  .linux_ = SYSCALL("'names':['a'],'action':'SCMP_ACT_KILL','errnoRet':1") },
	{ "linux.seccomp.syscalls[0].errnoRet", "4095",
	  .linux_ = SYSCALL("'names':['a'],'action':'SCMP_ACT_ERRNO','errnoRet':4096") },
	{ "linux.seccomp.syscalls[0].args[0].index", "5",
	  .linux_ = SYSCALL("'names':['a'],'action':'SCMP_ACT_LOG',"
			    "'args':[{'index':6,'value':0,'op':'SCMP_CMP_EQ'}]") },

	{ "linux.resources.devices[0].type", "a, b or c",
	  .linux_ = RES("'devices':[{'allow':true,'type':'p'}]") },
	{ "linux.resources.devices[0].access", "r, w and m",
	  .linux_ = RES("'devices':[{'allow':true,'access':'rx'}]") },
	{ "linux.resources.devices[0].major", "4095",
	  .linux_ = RES("'devices':[{'allow':true,'major':-2}]") },
	{ "linux.resources.devices[0].minor", "1048575",
	  .linux_ = RES("'devices':[{'allow':true,'minor':1048576}]") },
	{ "linux.resources.memory.limit", "-1", .linux_ = RES("'memory':{'limit':-2}") },
	{ "linux.resources.memory.reservation", "-1",
	  .linux_ = RES("'memory':{'reservation':-2}") },
	{ "linux.resources.memory.swap", "-1", .linux_ = RES("'memory':{'swap':-2}") },
	{ "linux.resources.memory.swap", "needs limit", .linux_ = RES("'memory':{'swap':4096}") },
	{ "linux.resources.memory.swap", "needs limit",
	  .linux_ = RES("'memory':{'swap':4096,'limit':-1}") },
	{ "linux.resources.memory.swap", "below limit",
	  .linux_ = RES("'memory':{'swap':4096,'limit':8192}") },
	{ "linux.resources.memory.swappiness", "100",
	  .linux_ = RES("'memory':{'swappiness':101}") },
	{ "linux.resources.cpu.quota", "-1", .linux_ = RES("'cpu':{'quota':-2}") },
	{ "linux.resources.cpu.burst", "quota",
	  .linux_ = RES("'cpu':{'quota':1000,'burst':1001}") },
	{ "linux.resources.cpu.realtimeRuntime", "v2", .linux_ = RES("'cpu':{'realtimeRuntime':1}"),
	  .kind = ERR_UNSUPPORTED },
	{ "linux.resources.cpu.realtimePeriod", "v2", .linux_ = RES("'cpu':{'realtimePeriod':1}"),
	  .kind = ERR_UNSUPPORTED },
	{ "linux.resources.cpu.cpus", "list", .linux_ = RES("'cpu':{'cpus':'a'}") },
	{ "linux.resources.cpu.mems", "list", .linux_ = RES("'cpu':{'mems':'0-'}") },
	{ "linux.resources.cpu.idle", "0 or 1", .linux_ = RES("'cpu':{'idle':2}") },
	{ "linux.resources.pids.limit", "-1", .linux_ = RES("'pids':{'limit':-2}") },
	{ "linux.resources.blockIO.weight", "1000", .linux_ = RES("'blockIO':{'weight':9}") },
	{ "linux.resources.blockIO.weight", "1000", .linux_ = RES("'blockIO':{'weight':1001}") },
	{ "linux.resources.blockIO.leafWeight", "v2", .linux_ = RES("'blockIO':{'leafWeight':10}"),
	  .kind = ERR_UNSUPPORTED },
	{ "linux.resources.blockIO.weightDevice[0].weight", "weight or leafWeight",
	  .linux_ = RES("'blockIO':{'weightDevice':[{'major':8,'minor':0}]}") },
	{ "linux.resources.blockIO.weightDevice[0].weight", "1000",
	  .linux_ = RES("'blockIO':{'weightDevice':[{'major':8,'minor':0,'weight':1}]}") },
	{ "linux.resources.blockIO.weightDevice[0].leafWeight", "v2",
	  .linux_ = RES("'blockIO':{'weightDevice':[{'major':8,'minor':0,'leafWeight':10}]}"),
	  .kind = ERR_UNSUPPORTED },
	{ "linux.resources.blockIO.weightDevice[0].major", "4095",
	  .linux_ = RES("'blockIO':{'weightDevice':[{'major':-8,'minor':0,'weight':10}]}") },
	{ "linux.resources.blockIO.weightDevice[0].minor", "1048575",
	  .linux_ = RES("'blockIO':{'weightDevice':[{'major':8,'minor':-1,'weight':10}]}") },
	{ "linux.resources.blockIO.throttleReadBpsDevice[0].major", "4095",
	  .linux_ = RES("'blockIO':{'throttleReadBpsDevice':[{'major':-1,'minor':0,'rate':1}]}") },
	{ "linux.resources.blockIO.throttleWriteBpsDevice[0].minor", "1048575",
	  .linux_ = RES("'blockIO':{'throttleWriteBpsDevice':[{'major':1,'minor':-1,'rate':1}]}") },
	{ "linux.resources.blockIO.throttleReadIOPSDevice[0].major", "4095",
	  .linux_ = RES("'blockIO':{'throttleReadIOPSDevice':[{'major':-1,'minor':0,'rate':1}]}") },
	{ "linux.resources.blockIO.throttleWriteIOPSDevice[0].minor", "1048575",
	  .linux_ =
		  RES("'blockIO':{'throttleWriteIOPSDevice':[{'major':1,'minor':-1,'rate':1}]}") },
	{ "linux.resources.hugepageLimits[0].pageSize", "2MB",
	  .linux_ = RES("'hugepageLimits':[{'pageSize':'2M','limit':0}]") },
	{ "linux.resources.hugepageLimits[0].pageSize", "2MB",
	  .linux_ = RES("'hugepageLimits':[{'pageSize':'../2MB','limit':0}]") },
	{ "linux.resources.network.classID", "v2", .linux_ = RES("'network':{'classID':1}"),
	  .kind = ERR_UNSUPPORTED },
	{ "linux.resources.network.priorities", "v2",
	  .linux_ = RES("'network':{'priorities':[{'name':'e','priority':1}]}"),
	  .kind = ERR_UNSUPPORTED },
	{ "linux.resources.rdma.m", "hcaHandles", .linux_ = RES("'rdma':{'m':{}}") },
	{ "linux.resources.unified.a/b", "file", .linux_ = RES("'unified':{'a/b':'1'}") },
	{ "linux.resources.unified[\"..\"]", "file", .linux_ = RES("'unified':{'..':'1'}") },
};

#define SYSCTLS                                                                    \
	",'sysctl':{'kernel.sem':'1','kernel/msgmax':'1','fs.mqueue.msg_max':'1'," \
	"'kernel.domainname':'d','net/ipv4/conf/eth0.100/forwarding':'1'}"

static const struct row fine[] = {
	{ .version = "1.0.2-dev" },
	{ .version = "1.99.0+build.7" },
	{ .top = "'hostname':'','domainname':''" },
	{ .linux_ = NS("{'type':'uts'}"), .top = "'hostname':'h','domainname':'d'" },
	{ .linux_ = NS("{'type':'uts','path':'/proc/1/ns/uts'}"), .top = "'hostname':'h'" },
	{ .top = MOUNT("'destination':'relative/path','type':'tmpfs'") },
	{ .top = MOUNT("'destination':'/proc','type':'proc'") },
	{ .top = MOUNT("'destination':'/proc','source':'/proc','options':['rbind']") },
	{ .top = MOUNT(
		  "'destination':'/proc/sys/kernel/ns_last_pid','source':'x','options':['bind']") },
	{ .top = MOUNT("'destination':'/proc/net/dev','source':'/x','options':['bind']") },
	{ .top = MOUNT("'destination':'/proc/../process','type':'tmpfs'") },
	{ .top = MOUNT("'destination':'/procs','type':'tmpfs'") },
	{ .top = MOUNT("'destination':'/a','options':['bind','remount','ro']") },
	{ .top = MOUNT(
		  "'destination':'/a','source':'/b','options':['bind','idmap']," MAPS(MAP, MAP)) },
	{ .top = MOUNT("'destination':'/a','source':'/b','options':['bind','idmap']"),
	  .linux_ = USERNS "," MAPS(MAP, MAP) },
	{ .top = HOOK("'path':'/a','timeout':1,'env':['A=']") },
	{ .process = PROC("'env':['A=b=c','A=']") },
	{ .process = PROC("'user':{'uid':4294967294,'gid':4294967294,'umask':511}") },
	{ .process = PROC("'capabilities':{'bounding':['CAP_UNHEARD_OF']}") },
	{ .process = PROC("'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':18446744073709551615},"
			  "{'type':'RLIMIT_AS','soft':0,'hard':0}]") },
	{ .process = PROC("'oomScoreAdj':-1000") },
	{ .process = PROC("'scheduler':{'policy':'SCHED_FIFO','priority':99}") },
	{ .process = PROC("'scheduler':{'policy':'SCHED_DEADLINE','runtime':1,'deadline':2}") },
	{ .process = PROC("'execCPUAffinity':{'initial':'0-3,7','final':''}") },
	{ .linux_ = NS("{'type':'user','path':'/x'}") "," MAPS(MAP, MAP) },
	{ .linux_ = NS("{'type':'user','path':'/x'}") },
	{ .linux_ = USERNS "," MAPS("{'containerID':0,'hostID':1,'size':4294967294}", MAP) },
	{ .linux_ = NS("{'type':'time'}") ",'timeOffsets':{'boottime':{'secs':-5,'nanosecs':9}}" },
	{ .linux_ = MNT ",'devices':[{'type':'p','path':'/x'},{'type':'u','path':'/y','major':4095,"
			"'minor':1048575,'fileMode':8576}]" },
	{ .linux_ = NS("{'type':'network'}") ",'netDevices':{'eth0':{'name':'eth%d'},'eth1':{}}" },
	{ .linux_ = MNT ",'cgroupsPath':'system.slice:hull:a..b'" },
	{ .linux_ = NS("{'type':'ipc'},{'type':'uts'},{'type':'network'}") SYSCTLS },
	{ .linux_ = SECCOMP("'architectures':['SCMP_ARCH_LOONGARCH64'],'listenerMetadata':''") },
	{ .linux_ = SYSCALL("'names':['no_such_call'],'action':'SCMP_ACT_TRACE','errnoRet':4095,"
			    "'args':[{'index':5,'value':1,'op':'SCMP_CMP_NE'}]") },
	{ .linux_ = SECCOMP("'listenerPath':'/l','listenerMetadata':'m',"
			    "'syscalls':[{'names':['a'],'action':'SCMP_ACT_NOTIFY'}]") },
	{ .linux_ = MNT ",'personality':{'domain':'LINUX32'},'intelRdt':{'closID':'/'}" },
	{ .linux_ = MNT ",'memoryPolicy':{'mode':'MPOL_PREFERRED','nodes':''}" },
	/* what docker writes for limits that nobody asked for */
	{ .linux_ = RES("'memory':{'limit':0,'swap':0},'cpu':{'shares':0,'quota':0,'burst':0,"
			"'realtimeRuntime':0,'realtimePeriod':0,'cpus':'','mems':''},"
			"'blockIO':{'weight':0,'leafWeight':0},'network':{'classID':0},"
			"'pids':{'limit':0}") },
	{ .linux_ = RES(
		  "'memory':{'limit':-1,'swap':-1,'swappiness':100},'pids':{'limit':-1},"
		  "'cpu':{'quota':-1,'burst':5,'idle':1},"
		  "'hugepageLimits':[{'pageSize':'64KB','limit':0},{'pageSize':'1GB','limit':1}],"
		  "'rdma':{'m':{'hcaHandles':0}},'unified':{'memory.high':'max'}") },
	{ .linux_ = RES(
		  "'devices':[{'allow':false,'access':'rwm'},{'allow':true,'type':'c','major':136},"
		  "{'allow':true,'type':''}]") },
};

static void compose(const struct row *row, char *text, size_t size)
{
	size_t len = (size_t)snprintf(
		text, size,
		"{'ociVersion':'%s','root':{'path':'r'},%s%s'process':{%s},'linux':{%s}}",
		row->version ? row->version : "1.3.0", row->top ? row->top : "",
		row->top ? "," : "", row->process ? row->process : "'cwd':'/','args':['a']",
		row->linux_ ? row->linux_ : MNT);

	cr_assert_lt(len, size);
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
}

/* spec_check of the document; *e is zeroed. */
static int check_text(const char *text, const struct json_options *options, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct spec *s;

	*e = (struct err){ 0 };
	cr_assert_eq(spec_parse_config(text, strlen(text), arena, NULL, &s, e), 0, "%s: %s: %s",
		     text, e->where, e->msg);
	return spec_check(s, options, e);
}

/* Rows are passed by number: parameters are copied to the test's own process. */
static struct criterion_test_params numbers(size_t n)
{
	size_t *index = cr_malloc(n * sizeof(*index));

	for (size_t i = 0; i < n; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, n, NULL);
}

ParameterizedTestParameters(spec_check, a_broken_rule_is_reported_at_its_place)
{
	return numbers(ARRAY_SIZE(broken));
}

ParameterizedTest(size_t *i, spec_check, a_broken_rule_is_reported_at_its_place)
{
	const struct row *row = &broken[*i];
	char text[2048];
	struct err e;

	compose(row, text, sizeof(text));
	cr_assert_lt(check_text(text, NULL, &e), 0, "accepted: %s", text);
	cr_expect_str_eq(e.where, row->where, "%s: %s", e.msg, text);
	cr_expect(strstr(e.msg, row->msg), "\"%s\" does not say \"%s\"", e.msg, row->msg);
	cr_expect_eq(e.kind, row->kind ? row->kind : ERR_INVALID, "%s", text);
}

ParameterizedTestParameters(spec_check, an_odd_but_right_document_passes)
{
	return numbers(ARRAY_SIZE(fine));
}

ParameterizedTest(size_t *i, spec_check, an_odd_but_right_document_passes)
{
	char text[2048];
	struct err e;

	compose(&fine[*i], text, sizeof(text));
	cr_assert_eq(check_text(text, NULL, &e), 0, "%s: %s: %s", e.where, e.msg, text);
}

Test(spec_check, a_document_without_process_passes)
{
	struct err e;

	cr_assert_eq(check_text("{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"r\"},"
				"\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}",
				NULL, &e),
		     0, "%s: %s", e.where, e.msg);
}

/* Writes n id maps of size 1 that do not overlap. */
static void many_maps(char *text, size_t size, unsigned n)
{
	size_t len = (size_t)snprintf(text, size, "{'containerID':0,'hostID':0,'size':1}");

	for (unsigned i = 1; i < n; i++)
		len += (size_t)snprintf(text + len, size - len,
					",{'containerID':%u,'hostID':%u,'size':1}", i, i);
}

static int check_maps(unsigned n, struct err *e)
{
	static char maps[32 << 10], linux_[40 << 10], text[48 << 10];

	many_maps(maps, sizeof(maps), n);
	snprintf(linux_, sizeof(linux_), USERNS "," MAPS("%s", MAP), maps);
	compose(&(struct row){ .linux_ = linux_ }, text, sizeof(text));
	return check_text(text, NULL, e);
}

Test(spec_check, a_user_namespace_takes_340_mappings_and_no_more)
{
	struct err e;

	cr_assert_eq(check_maps(340, &e), 0, "%s", e.msg);
	cr_assert_lt(check_maps(341, &e), 0);
	cr_assert_str_eq(e.where, "linux.uidMappings");
	cr_assert(strstr(e.msg, "340"));
}

struct tally {
	unsigned n, stop_after;
	char places[512];
};

static int count(void *data, const struct err *e)
{
	struct tally *t = data;

	strncat(t->places, e->where, sizeof(t->places) - strlen(t->places) - 1);
	strncat(t->places, " ", sizeof(t->places) - strlen(t->places) - 1);
	return ++t->n == t->stop_after ? -EINVAL : 0;
}

static const struct row three_problems = { .version = "3.0.0",
					   .process = "'cwd':'x','args':['a'],'env':['A']" };

Test(spec_check, every_problem_is_reported_and_the_first_is_the_error)
{
	struct tally t = { 0 };
	char text[2048];
	struct err e;

	compose(&three_problems, text, sizeof(text));
	cr_assert_lt(check_text(text, &(struct json_options){ .problem = count, .data = &t }, &e),
		     0);
	cr_assert_str_eq(t.places, "ociVersion process.env[0] process.cwd ");
	cr_assert_str_eq(e.where, "ociVersion");
}

Test(spec_check, a_reporter_may_stop_the_check)
{
	struct tally t = { .stop_after = 2 };
	char text[2048];
	struct err e;

	compose(&three_problems, text, sizeof(text));
	cr_assert_lt(check_text(text, &(struct json_options){ .problem = count, .data = &t }, &e),
		     0);
	cr_assert_eq(t.n, 2u);
}

Test(spec_check, a_process_alone_is_checked_at_the_place_given)
{
	const struct spec_process p = { .cwd = "x" };
	struct tally t = { 0 };
	const struct json_options options = { .problem = count, .data = &t };
	struct err e = { 0 };

	cr_assert_lt(spec_check_process(&p, "", &options, &e), 0);
	cr_assert_lt(spec_check_process(&p, "process", &options, &e), 0);
	cr_assert_str_eq(t.places, "args cwd process.args process.cwd ");
}

Test(spec_check, resources_alone_are_checked_at_the_place_given)
{
	struct spec_resources r = { .pids_limit = -5 };
	struct err e = { 0 };

	cr_assert_lt(spec_check_resources(&r, "", NULL, &e), 0);
	cr_assert_str_eq(e.where, "pids.limit");
	cr_assert_lt(spec_check_resources(&r, "linux.resources", NULL, &e), 0);
	cr_assert_str_eq(e.where, "linux.resources.pids.limit");
}

Test(spec_check, a_destination_longer_than_a_path_is_refused)
{
	static char destination[5000];
	struct spec_mount m = { .destination = destination };
	struct spec s = { .oci_version = "1.0.0", .mounts = { .items = &m, .n = 1 } };
	struct err e = { 0 };

	memset(destination, 'a', sizeof(destination) - 1);
	cr_assert_lt(spec_check(&s, NULL, &e), 0);
	cr_assert_str_eq(e.where, "mounts[0].destination");
	cr_assert(strstr(e.msg, "longer"));
}

static void recorded_config_passes(const char *path)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err e = { 0 };
	struct spec *s;

	cr_assert_eq(spec_load_config(AT_FDCWD, path, arena, &s, NULL, &e), 0, "%s: %s: %s", path,
		     e.where, e.msg);
	cr_expect_eq(spec_check(s, NULL, &e), 0, "%s: %s: %s", path, e.where, e.msg);
}

Test(spec_check, every_recorded_config_loads_and_passes)
{
	cr_assert_gt(fixtures_each("config.json", recorded_config_passes), 100u);
}

static void recorded_process_passes(const char *path)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err e = { 0 };
	struct spec_process *p;

	cr_assert_eq(spec_load_process(AT_FDCWD, path, arena, &p, &e), 0, "%s: %s: %s", path,
		     e.where, e.msg);
	cr_expect_eq(spec_check_process(p, "", NULL, &e), 0, "%s: %s: %s", path, e.where, e.msg);
}

Test(spec_check, every_recorded_process_loads_and_passes)
{
	cr_assert_gt(fixtures_each("process.json", recorded_process_passes), 20u);
}

Test(spec_check, ids_are_names_of_one_directory)
{
	static const char *const good[] = { "a", "A_9+.-", "...", ".a" };
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "\xc3\xa4", "a\n", "a:b" };
	char longest[1026];
	struct err e;

	memset(longest, 'a', sizeof(longest));
	longest[1025] = '\0';
	cr_expect_lt(spec_check_id(longest, &e), 0);
	longest[1024] = '\0';
	cr_expect_eq(spec_check_id(longest, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		cr_expect_eq(spec_check_id(good[i], &e), 0, "%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_eq(spec_check_id(bad[i], &e), -EINVAL, "%s", bad[i]);
}
